using System.Globalization;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>The verbs that look at places on a server and change them, without moving content: <c>ls tree rm mkdir mv cp stat sum quota</c>.</summary>
internal static class PlaceCommands
{
    public static Task<ExitCode> ListAsync(Arguments arguments) => arguments.Has(FileFlags.Dialect) ? DialectCommands.ListAsync(arguments) : EachServerAsync(arguments, (work, paths) =>
        new Listing(arguments.Has(FileFlags.Long), work.IsJson).ShowAsync(work.Client, paths, arguments.Has(FileFlags.ListBelow), work.Fail, work.CancellationToken));

    public static Task<ExitCode> TreeAsync(Arguments arguments) => EachAsync(arguments, (work, path) => new Listing(false, work.IsJson).ShowTreeAsync(work.Client, path, work.CancellationToken));

    public static Task<ExitCode> RemoveAsync(Arguments arguments) => arguments.Has(FileFlags.Dialect) ? DialectCommands.RemoveAsync(arguments) : EachAsync(arguments, (work, path) => work.RemoveAsync(path, arguments.Has(FileFlags.Recursive)));

    public static Task<ExitCode> MakeFolderAsync(Arguments arguments) =>
        EachAsync(arguments, (work, path) => work.Client.MakeFolderAsync(path.ToString(), arguments.Has(FileFlags.Parents), work.CancellationToken), expands: false);

    public static Task<ExitCode> StatAsync(Arguments arguments) => EachAsync(arguments, (work, path) => work.StatAsync(path));

    public static Task<ExitCode> SumAsync(Arguments arguments) =>
        EachAsync(arguments, (work, path) => work.SumAsync(path, arguments.Get(FileFlags.SumBy, TransferDigest.Sha256)));

    public static Task<ExitCode> MoveAsync(Arguments arguments) => ToTargetAsync(arguments, isCopy: false);

    public static Task<ExitCode> CopyAsync(Arguments arguments) => ToTargetAsync(arguments, isCopy: true);

    public static Task<ExitCode> QuotaAsync(Arguments arguments) => Interruptible.RunAsync(async cancellationToken =>
    {
        await using RemoteShare share = await RemoteShare.ConnectAsync(arguments, RemoteName.Parse(arguments.Operands[0]), cancellationToken);
        await new PlaceWork(share, VirtualPath.Root, arguments.Has(FileFlags.Json), cancellationToken).QuotaAsync();
        return ExitCode.Done;
    });

    private static Task<ExitCode> ToTargetAsync(Arguments arguments, bool isCopy) => Interruptible.RunAsync(async cancellationToken =>
    {
        RemoteName[] names = [.. arguments.Operands.Select(RemoteName.Parse)];
        RemoteName target = names[^1];
        if (names.FirstOrDefault(name => (name.Server, name.Host) != (target.Server, target.Host) || (name.User ?? target.User) != (target.User ?? name.User)) is { } other)
        {
            throw CliException.Usage(
                $"{other.Text} and {target.Text} are on different servers, or different users'.", "Fetch it with 'dialtone get' and send it with 'dialtone put'.");
        }

        await using RemoteShare share = await RemoteShare.ConnectAsync(arguments, names[0].User is null ? target : names[0], cancellationToken);
        var work = new PlaceWork(share, VirtualPath.Root, arguments.Has(FileFlags.Json), cancellationToken);
        await work.MoveAsync([.. names[..^1].Select(name => name.Path)], target.Path, isCopy);
        return work.Outcome;
    });

    private static Task<ExitCode> EachAsync(Arguments arguments, Func<PlaceWork, VirtualPath, Task> act, bool expands = true) =>
        EachServerAsync(arguments, (work, paths) => work.EachAsync(paths, path => act(work, path)), expands);

    /// <summary>Does something with all the places of one server, server by server.</summary>
    private static Task<ExitCode> EachServerAsync(Arguments arguments, Func<PlaceWork, IReadOnlyList<VirtualPath>, Task> act, bool expands = true) => Interruptible.RunAsync(async cancellationToken =>
    {
        ExitCode worst = ExitCode.Done;
        foreach (IGrouping<(Address?, string?, string?), RemoteName> server in arguments.Operands.Select(RemoteName.Parse).GroupBy(name => (name.Server, name.Host, name.User)))
        {
            await using RemoteShare share = await RemoteShare.ConnectAsync(arguments, server.First(), cancellationToken);
            var work = new PlaceWork(share, VirtualPath.Root, arguments.Has(FileFlags.Json), cancellationToken);
            var paths = new List<VirtualPath>();
            foreach (RemoteName name in server)
                paths.AddRange(await work.ExpandAsync(name.Path, expands));
            await act(work, paths);
            worst = work.Outcome == ExitCode.Done ? worst : work.Outcome;
        }

        return worst;
    });
}

/// <summary>What the verbs about places do, on a server that was called; the shell does the same.</summary>
internal sealed class PlaceWork(RemoteShare share, VirtualPath folder, bool isJson, CancellationToken cancellationToken)
{
    public FileClient Client => share.Client;

    public bool IsJson => isJson;

    public CancellationToken CancellationToken => cancellationToken;

    public ExitCode Outcome { get; private set; }

    /// <summary>The paths that a text means.</summary>
    public async Task<IReadOnlyList<VirtualPath>> ExpandAsync(string text, bool expands = true) => expands
        ? await RemotePattern.ExpandAsync(Client, text, folder, cancellationToken)
        : [VirtualPath.Parse(Wildcard.Unescape(text), folder)];

    /// <summary>Does something with each of several; what is refused is told, and the rest goes on.</summary>
    public async Task EachAsync(IReadOnlyList<VirtualPath> paths, Func<VirtualPath, Task> act)
    {
        foreach (VirtualPath path in paths)
        {
            try
            {
                await act(path);
            }
            catch (FileException e) when (e.Reason is not (FileError.LoginRequired or FileError.LoginFailed))
            {
                Fail(path, e);
            }
        }
    }

    public void Fail(VirtualPath path, FileException error)
    {
        Outcome = ExitCode.Failed;
        string place = $"{share.Label}{path}";
        CliException explained = Failure.Explain(error)!;
        if (!isJson)
        {
            Terminal.Flush();
            Terminal.Complain(new CliException(explained.Code, $"{Printable.Of(place)}: {explained.Message}", explained.Advice));
            return;
        }

        (string code, string message) = Failure.Describe(error);
        JsonLine.Write(json =>
        {
            json.WriteString("type"u8, "failure");
            json.WriteString("path"u8, path.ToString());
            json.WriteString("error"u8, code);
            json.WriteString("message"u8, message);
        });
    }

    public async Task RemoveAsync(VirtualPath path, bool recursive)
    {
        if (!recursive && !path.IsRoot && await RemotePlace.FindAsync(Client, path, cancellationToken) is { Kind: FileKind.Folder })
            throw new FileException(FileError.IsFolder, "It is a folder; rm -r removes it with all that is in it.");
        await Client.RemoveAsync(path.ToString(), recursive, cancellationToken);
    }

    public async Task StatAsync(VirtualPath path)
    {
        RemoteEntry entry = await Client.StatAsync(path.ToString(), cancellationToken);
        if (isJson)
        {
            JsonLine.Write(json => JsonLine.WriteEntry(json, path.ToString(), entry));
            return;
        }

        Terminal.Out.WriteLine($"path      {Terminal.Name(path.ToString())}");
        Terminal.Out.WriteLine($"type      {JsonLine.KindName(entry.Kind)}");
        if (entry.Kind == FileKind.File)
            Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"size      {entry.Size} ({ByteSize.Format(entry.Size)})"));
        Terminal.Out.WriteLine($"modified  {entry.Modified.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fffffff zzz", CultureInfo.InvariantCulture)}");
        Terminal.Out.WriteLine($"mode      {Convert.ToString((int)entry.Mode, 8)} ({Listing.Permissions(entry)})");
    }

    public async Task SumAsync(VirtualPath path, TransferDigest digest)
    {
        RemoteSum sum = await Client.SumAsync(path.ToString(), digest, cancellationToken: cancellationToken);
        if (!isJson)
        {
            Terminal.Out.WriteLine($"{sum.Digest}  {Terminal.Name(path.ToString())}");
            return;
        }

        JsonLine.Write(json =>
        {
            json.WriteString("path"u8, path.ToString());
            json.WriteString(digest == TransferDigest.Sha256 ? "sha256"u8 : "crc32c"u8, sum.Digest);
            json.WriteNumber("size"u8, sum.Total);
        });
    }

    public async Task QuotaAsync()
    {
        RemoteQuota quota = await Client.QuotaAsync(cancellationToken);
        if (isJson)
        {
            JsonLine.Write(json =>
            {
                json.WriteNumber("bytes"u8, quota.Bytes);
                json.WriteNumber("files"u8, quota.Files);
                if (quota.MaxBytes is { } maxBytes)
                    json.WriteNumber("max_bytes"u8, maxBytes);
                if (quota.MaxFiles is { } maxFiles)
                    json.WriteNumber("max_files"u8, maxFiles);
            });
            return;
        }

        string bytes = quota.MaxBytes is { } most ? $" of {ByteSize.Format(most)}{Percent(quota.Bytes, most)}" : " (no limit)";
        string files = quota.MaxFiles is { } mostFiles ? string.Create(CultureInfo.InvariantCulture, $" of {mostFiles}{Percent(quota.Files, mostFiles)}") : " (no limit)";
        Terminal.Out.WriteLine($"bytes  {ByteSize.Format(quota.Bytes)}{bytes}");
        Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"files  {quota.Files}{files}"));
    }

    /// <summary>Moves or copies on the server: into a folder that exists, otherwise to the target's own name.</summary>
    public async Task MoveAsync(IReadOnlyList<string> sources, string target, bool isCopy)
    {
        var paths = new List<VirtualPath>();
        foreach (string source in sources)
            paths.AddRange(await ExpandAsync(source));
        var to = VirtualPath.Parse(Wildcard.Unescape(target), folder);
        bool mustBeFolder = paths.Count > 1 || target.EndsWith('/') || target.Length == 0;
        bool isInside = await RemotePlace.IsInsideAsync(Client, to, mustBeFolder, isFolder: false, cancellationToken);
        await EachAsync(paths, async path =>
        {
            VirtualPath place = isInside ? to.Append(path.Name) : to;
            if (isCopy)
                await CopyAsync(path, place);
            else
                await Client.RenameAsync(path.ToString(), place.ToString(), overwrite: true, cancellationToken);
        });
    }

    /// <summary>Copies a file, or a folder with all that is in it.</summary>
    private async Task CopyAsync(VirtualPath from, VirtualPath to)
    {
        RemoteEntry entry = await Client.StatAsync(from.ToString(), cancellationToken);
        if (entry.Kind != FileKind.Folder)
        {
            await Client.CopyAsync(from.ToString(), to.ToString(), overwrite: true, cancellationToken);
            return;
        }

        if (to.IsWithin(from))
            throw new FileException(FileError.BadPath, "A folder cannot be copied into itself.");
        var entries = new List<RemoteEntry>();
        await foreach (RemoteEntry below in Client.ListAsync(from.ToString(), recursive: true, cancellationToken))
            entries.Add(below);
        await Client.MakeFolderAsync(to.ToString(), parents: true, cancellationToken);
        foreach (RemoteEntry below in entries)
        {
            var source = VirtualPath.Parse(below.Path, from);
            var copy = VirtualPath.Parse(below.Path, to);
            await EachAsync([source], async _ => await (below.Kind switch
            {
                FileKind.Folder => Client.MakeFolderAsync(copy.ToString(), parents: true, cancellationToken),
                FileKind.File => Client.CopyAsync(source.ToString(), copy.ToString(), overwrite: true, cancellationToken),
                _ => throw new FileException(FileError.NotRegular, "It is neither a file nor a folder."),
            }));
        }
    }

    private static string Percent(long used, long most) => most > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({100.0 * used / most:0} %)") : "";
}
