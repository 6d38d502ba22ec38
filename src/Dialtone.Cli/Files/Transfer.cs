using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Moves files and folders between this machine and a server, and tells a view.</summary>
internal sealed class Transfer(RemoteShare share, TransferView view, TransferRules rules, CancellationToken cancellationToken)
{
    /// <summary>Below this a file is quickly sent again; from here on, what an interruption leaves is kept and continued.</summary>
    private const long WorthKeeping = 1024 * 1024;

    private readonly FileClient _client = share.Client;

    /// <summary>What is under way, for whoever interrupts it.</summary>
    public string? Current { get; private set; }

    /// <summary>Sends files and folders: into a folder that exists, otherwise under the target's own name.</summary>
    public async Task PutAsync(IReadOnlyList<string> sources, VirtualPath target, bool endsInSlash)
    {
        bool movesFolder = sources.Count == 1 && Directory.Exists(sources[0]);
        bool isInside = await RemotePlace.IsInsideAsync(_client, target, endsInSlash || sources.Count > 1, movesFolder, cancellationToken);
        (long? bytes, int? files) = Measure(sources);
        var alone = sources.ToList();
        foreach (IGrouping<string, string> folder in isInside && !rules.Resume ? sources.Where(TravelsInCompany).GroupBy(source => Path.GetDirectoryName(source)!) : [])
        {
            string[] together = [.. folder];
            alone.RemoveAll(together.Contains);
            (bytes, files) = (bytes - together.Sum(source => new FileInfo(source).Length), files - together.Length);
            view.Next(bytes, files);
            await TryAsync(together[0], () => PutTogetherAsync(folder.Key, together, target));
        }

        foreach (string source in alone)
        {
            if (bytes is not null && files is not null && File.Exists(source))
                (bytes, files) = (bytes - new FileInfo(source).Length, files - 1);
            view.Next(bytes, files);
            await TryAsync(source, () => PutOneAsync(source, target, isInside));
        }
    }

    /// <summary>Fetches files and folders: into a local folder that exists, otherwise under the target's own name.</summary>
    public async Task GetAsync(IReadOnlyList<VirtualPath> sources, string target)
    {
        var entries = new List<(VirtualPath Path, RemoteEntry Entry)>();
        foreach (VirtualPath source in sources)
            await TryAsync($"{share.Label}{source}", async () => entries.Add((source, await _client.StatAsync(source.ToString(), cancellationToken))));
        if (entries.Count == 0)
            return;
        bool isInside = Landing.IsInside(
            target, Directory.Exists(target), Path.Exists(target), sources.Count > 1 || target.EndsWith('/'), entries[0].Entry.Kind == FileKind.Folder, "mkdir makes it.");
        for (int i = 0; i < entries.Count; i++)
        {
            (VirtualPath path, RemoteEntry entry) = entries[i];
            bool isKnown = entries.Skip(i + 1).All(next => next.Entry.Kind == FileKind.File);
            view.Next(isKnown ? entries.Skip(i + 1).Sum(next => next.Entry.Size) : null, isKnown ? entries.Count - i - 1 : null);
            await TryAsync($"{share.Label}{path}", () => GetOneAsync(path, entry, isInside ? Path.Combine(target, path.Name) : target));
        }
    }

    /// <summary>Makes a folder on one side what the folder on the other is.</summary>
    public async Task SyncAsync(string local, VirtualPath remote, bool toServer)
    {
        view.Next(0, 0);
        Current = toServer ? local : $"{share.Label}{remote}";
        TreeReport report;
        if (toServer)
        {
            if (!Directory.Exists(local))
                throw new CliException(ExitCode.Files, $"{Printable.Of(local)} is not a folder.");
            report = await _client.PutTreeAsync(local, remote.ToString(), rules.Tree, view, cancellationToken);
        }
        else
        {
            if (!rules.Tree.DryRun)
                Directory.CreateDirectory(local);
            report = await _client.GetTreeAsync(remote.ToString(), local, rules.Tree, view, cancellationToken);
        }

        view.Add(report, toServer ? local.TrimEnd('/') + "/" : $"{share.Label}{remote}/");
    }

    /// <summary>Sends what comes from a stream.</summary>
    public async Task PutStreamAsync(Stream source, VirtualPath target)
    {
        view.Next(0, 0);
        TransferReport report = await _client.PutAsync(source, target.ToString(), new PutOptions { Verify = rules.Verify }, view, cancellationToken);
        Done(report, target.ToString());
    }

    /// <summary>Fetches a file into a stream.</summary>
    public async Task GetStreamAsync(VirtualPath source, Stream target)
    {
        view.Next(0, 0);
        TransferReport report = await _client.GetAsync(source.ToString(), target, new GetOptions { Verify = rules.Verify }, view, cancellationToken);
        await target.FlushAsync(cancellationToken);
        view.Files++;
        view.Bytes += report.Moved;
    }

    /// <summary>Sends files of one folder, with nothing waiting between them.</summary>
    private async Task PutTogetherAsync(string folder, string[] sources, VirtualPath target)
    {
        TreeReport report = await _client.PutFilesAsync(
            folder.Length == 0 ? "." : folder, [.. sources.Select(source => Path.GetFileName(source))], target.ToString(), rules.Tree, view, cancellationToken);
        foreach (TransferReport file in report.Arrived)
            Done(file, file.Path);
        foreach (TreeFailure failure in report.Failures)
            view.Fail(Path.Combine(folder, failure.Path), failure.Error);
    }

    private async Task PutOneAsync(string source, VirtualPath target, bool isInside)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(source));
        bool isNameless = name is "" or "." or "..";
        VirtualPath place = isInside && !isNameless ? target.Append(name) : target;
        if (Directory.Exists(source))
        {
            TreeReport report = await _client.PutTreeAsync(source, place.ToString(), rules.Tree, view, cancellationToken);
            view.Add(report, Path.TrimEndingDirectorySeparator(source) + "/");
            return;
        }

        var file = new FileInfo(source);
        if (!file.Exists)
            throw new CliException(ExitCode.Files, Path.Exists(source) ? "It is neither a file nor a folder." : "There is no such file on this machine.");
        var options = new PutOptions { Verify = rules.Verify, Resume = rules.Resume || (file.Length >= WorthKeeping && rules.Verify != TransferDigest.Sha256) };
        Done(await _client.PutAsync(source, place.ToString(), options, view, cancellationToken), place.ToString());
    }

    private async Task GetOneAsync(VirtualPath source, RemoteEntry entry, string target)
    {
        switch (entry.Kind)
        {
            case FileKind.Folder:
                Directory.CreateDirectory(target);
                view.Add(await _client.GetTreeAsync(source.ToString(), target, rules.Tree, view, cancellationToken), $"{share.Label}{source}/");
                break;
            case FileKind.File when Directory.Exists(target):
                throw new CliException(ExitCode.Files, $"{Printable.Of(target)} is a folder.");
            case FileKind.File:
                var options = new GetOptions { Verify = rules.Verify, Resume = rules.Resume || (entry.Size >= WorthKeeping && rules.Verify != TransferDigest.Sha256) };
                Done(await _client.GetAsync(source.ToString(), target, options, view, cancellationToken), source.ToString());
                break;
            default:
                throw new FileException(FileError.NotRegular, "It is neither a file nor a folder.");
        }
    }

    private void Done(TransferReport report, string path)
    {
        view.Files++;
        view.Bytes += report.Moved;
        string? digest = report.Sha256 ?? (report.Crc32C is { } crc ? crc.ToString("x8", System.Globalization.CultureInfo.InvariantCulture) : null);
        view.Say(rules.ShowsDigest && digest is not null ? $"{digest}  {Terminal.Name(path)}" : null, json =>
        {
            json.WriteString("type"u8, "file");
            json.WriteString("path"u8, path);
            json.WriteNumber("size"u8, report.Size);
            json.WriteNumber("moved"u8, report.Moved);
            if (digest is not null)
                json.WriteString(report.Sha256 is not null ? "sha256"u8 : "crc32c"u8, digest);
        });
    }

    private Task TryAsync(string place, Func<Task> act)
    {
        Current = place;
        return view.TryAsync(place, act);
    }

    /// <summary>A file of its own kind and length: a link is followed by itself, and what is long is continued by itself after an interruption.</summary>
    private static bool TravelsInCompany(string source) => Path.GetFileName(source).Length > 0
        && new FileInfo(source) is { Exists: true, LinkTarget: null, Length: < WorthKeeping };

    /// <summary>What local files come to; null where a folder is among them, whose content only its own walk knows.</summary>
    private static (long? Bytes, int? Files) Measure(IReadOnlyList<string> sources)
    {
        long bytes = 0;
        foreach (string source in sources)
        {
            var file = new FileInfo(source);
            if (Directory.Exists(source))
                return sources.Count == 1 ? (0, 0) : (null, null);
            bytes += file.Exists ? file.Length : 0;
        }

        return (bytes, sources.Count);
    }
}

/// <summary>How content is moved.</summary>
internal sealed record TransferRules
{
    public TransferDigest Verify { get; init; } = TransferDigest.Crc32C;

    /// <summary>Whether the digest of each file is said.</summary>
    public bool ShowsDigest { get; init; }

    public bool Resume { get; init; }

    public TreeOptions Tree { get; init; } = TreeOptions.Default;

    public static TransferRules Of(Arguments arguments)
    {
        if (arguments.Has(FileFlags.NoVerify) && arguments.Has(FileFlags.Checksum))
            throw CliException.Usage("--checksum verifies and --no-verify does not; leave one of them out.");
        TransferDigest verify = arguments.Has(FileFlags.NoVerify) ? TransferDigest.None : arguments.Get(FileFlags.Checksum, TransferDigest.Crc32C);
        return new TransferRules
        {
            Verify = verify,
            ShowsDigest = arguments.Has(FileFlags.Checksum),
            Resume = arguments.Has(FileFlags.Resume),
            Tree = new TreeOptions
            {
                Verify = verify,
                Checksum = arguments.Has(FileFlags.CompareContent),
                Delete = arguments.Has(FileFlags.Delete),
                DryRun = arguments.Has(FileFlags.DryRun),
            },
        };
    }
}
