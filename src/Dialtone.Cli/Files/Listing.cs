using System.Globalization;
using System.Text;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>How listings look.</summary>
/// <param name="IsLong">Permissions, size and time of each.</param>
/// <param name="IsJson">Lines of JSON.</param>
internal sealed record Listing(bool IsLong, bool IsJson)
{
    /// <summary>Shows what a path means: a file itself, or what is in a folder.</summary>
    /// <param name="client">The server.</param>
    /// <param name="paths">What to show.</param>
    /// <param name="recursive">Also the folders below.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="fail">Told what cannot be shown.</param>
    public async Task ShowAsync(FileClient client, IReadOnlyList<VirtualPath> paths, bool recursive, Action<VirtualPath, FileException> fail, CancellationToken cancellationToken)
    {
        bool hasHeadings = paths.Count > 1 && !IsJson;
        var files = new List<(string Shown, RemoteEntry Entry)>();
        var folders = new List<VirtualPath>();
        foreach (VirtualPath path in paths)
        {
            try
            {
                RemoteEntry? entry = path.IsRoot ? null : await client.StatAsync(path.ToString(), cancellationToken);
                if (entry is null or { Kind: FileKind.Folder })
                    folders.Add(path);
                else
                    files.Add((IsJson ? path.ToString() : path.Name, entry));
            }
            catch (FileException e) when (e.Reason is not (FileError.LoginRequired or FileError.LoginFailed))
            {
                fail(path, e);
            }
        }

        Write(files);
        bool isFirst = files.Count == 0;
        foreach (VirtualPath folder in folders)
        {
            try
            {
                await ShowFolderAsync(client, folder, recursive, hasHeadings, isFirst, cancellationToken);
            }
            catch (FileException e) when (e.Reason is not (FileError.LoginRequired or FileError.LoginFailed))
            {
                fail(folder, e);
            }

            isFirst = false;
        }
    }

    /// <summary>A folder and all below it, as a picture.</summary>
    public async Task ShowTreeAsync(FileClient client, VirtualPath folder, CancellationToken cancellationToken)
    {
        var entries = new List<RemoteEntry>();
        await foreach (RemoteEntry entry in client.ListAsync(folder.ToString(), recursive: true, cancellationToken))
        {
            if (IsJson)
                JsonLine.Write(json => JsonLine.WriteEntry(json, Under(folder, entry.Path), entry));
            else
                entries.Add(entry);
        }

        if (IsJson)
            return;
        Terminal.Out.WriteLine(Terminal.Name(folder.ToString()));
        ILookup<string, RemoteEntry> children = entries.ToLookup(entry => FolderOf(entry.Path), StringComparer.Ordinal);
        WriteBranch(children, "", "");
        int folders = entries.Count(entry => entry.Kind == FileKind.Folder);
        int files = entries.Count(entry => entry.Kind == FileKind.File);
        Terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\n{folders} {(folders == 1 ? "folder" : "folders")}, {files} {(files == 1 ? "file" : "files")}, {ByteSize.Format(entries.Sum(entry => entry.Size))}"));
    }

    public static string Permissions(RemoteEntry entry)
    {
        var text = new StringBuilder("?rwxrwxrwx") { [0] = entry.Kind switch { FileKind.File => '-', FileKind.Folder => 'd', FileKind.Link => 'l', _ => '?' } };
        for (int bit = 0; bit < 9; bit++)
        {
            if (((int)entry.Mode & (0b100_000_000 >> bit)) == 0)
                text[bit + 1] = '-';
        }

        return text.ToString();
    }

    public static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private async Task ShowFolderAsync(FileClient client, VirtualPath folder, bool recursive, bool hasHeading, bool isFirst, CancellationToken cancellationToken)
    {
        var entries = new List<RemoteEntry>();
        await foreach (RemoteEntry entry in client.ListAsync(folder.ToString(), recursive, cancellationToken))
        {
            if (IsJson)
                JsonLine.Write(json => JsonLine.WriteEntry(json, Under(folder, entry.Path), entry));
            else
                entries.Add(entry);
        }

        if (IsJson)
            return;
        if (!recursive)
        {
            if (hasHeading)
                Terminal.Out.Write($"{(isFirst ? "" : "\n")}{Terminal.Name(folder.ToString())}:\n");
            Write([.. entries.Select(entry => (entry.Path, entry))]);
            return;
        }

        ILookup<string, RemoteEntry> children = entries.ToLookup(entry => FolderOf(entry.Path), StringComparer.Ordinal);
        foreach (string below in entries.Where(entry => entry.Kind == FileKind.Folder).Select(entry => entry.Path).Prepend(""))
        {
            Terminal.Out.Write($"{(isFirst ? "" : "\n")}{Terminal.Name(Under(folder, below))}:\n");
            Write([.. children[below].Select(entry => (entry.Name, entry))]);
            isFirst = false;
        }
    }

    private void Write(List<(string Shown, RemoteEntry Entry)> entries)
    {
        if (IsJson)
        {
            foreach ((string path, RemoteEntry entry) in entries)
                JsonLine.Write(json => JsonLine.WriteEntry(json, path, entry));
        }
        else if (IsLong)
        {
            int width = entries.Count == 0 ? 0 : entries.Max(item => Digits(item.Entry.Size));
            foreach ((string name, RemoteEntry entry) in entries)
                Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Permissions(entry)} {entry.Size.ToString(CultureInfo.InvariantCulture).PadLeft(width)} {Time(entry.Modified)} {Shown(name, entry)}"));
        }
        else if (Terminal.OutputIsInteractive && entries.Count > 0)
        {
            Terminal.Out.Write(Columns.Arrange([.. entries.Select(item => Shown(item.Shown, item.Entry))], TerminalWindow.Width));
        }
        else
        {
            foreach ((string name, RemoteEntry entry) in entries)
                Terminal.Out.WriteLine(Shown(name, entry));
        }
    }

    /// <summary>A name as people see it: on a terminal a folder's ends in a slash. Piped it stays as it is.</summary>
    private static string Shown(string name, RemoteEntry entry) =>
        Terminal.Name(name) + (entry.Kind == FileKind.Folder && Terminal.OutputIsInteractive ? "/" : "");

    private static void WriteBranch(ILookup<string, RemoteEntry> children, string folder, string indent)
    {
        RemoteEntry[] here = [.. children[folder]];
        for (int i = 0; i < here.Length; i++)
        {
            bool isLast = i == here.Length - 1;
            string size = here[i].Kind == FileKind.File ? $"  {ByteSize.Format(here[i].Size)}" : "";
            Terminal.Out.WriteLine($"{indent}{(isLast ? "└── " : "├── ")}{Terminal.Name(here[i].Name)}{size}");
            if (here[i].Kind == FileKind.Folder)
                WriteBranch(children, here[i].Path, indent + (isLast ? "    " : "│   "));
        }
    }

    private static string FolderOf(string path) => path.LastIndexOf('/') is >= 0 and int slash ? path[..slash] : "";

    private static string Under(VirtualPath folder, string path) => path.Length == 0 ? folder.ToString() : $"{(folder.IsRoot ? "" : folder)}/{path}";

    private static int Digits(long size) => size.ToString(CultureInfo.InvariantCulture).Length;
}
