namespace Dialtone.Files;

/// <summary>What is in a local folder and below it: files to send, folders that hold none, and what is neither.</summary>
internal sealed class LocalTree
{
    /// <summary>The regular files, folder by folder.</summary>
    public List<TreeFile> Files { get; } = [];

    /// <summary>Every folder.</summary>
    public List<string> Folders { get; } = [];

    /// <summary>Folders without a file or a folder in them.</summary>
    public List<string> EmptyFolders { get; } = [];

    /// <summary>Links, devices, pipes; names that cannot be sent; what could not be read.</summary>
    public List<TreeFailure> Others { get; } = [];

    /// <summary>Looks at everything below a folder; no link is followed.</summary>
    public static LocalTree Scan(LocalFolder top, CancellationToken cancellationToken)
    {
        var tree = new LocalTree();
        tree.Scan(top, "", 0, cancellationToken);
        return tree;
    }

    /// <summary>Looks at some files of a folder.</summary>
    public static LocalTree Look(LocalFolder folder, IReadOnlyList<string> names)
    {
        var tree = new LocalTree();
        foreach (string name in names)
        {
            try
            {
                if (tree.Look(folder, "", name) is not FileKind.File and var kind)
                    throw kind is null ? new FileException(FileError.NotFound, "There is no such file (on this side).") : new FileException(FileError.IsFolder, "It is a folder.");
            }
            catch (FileException e)
            {
                tree.Others.Add(new TreeFailure(name, e));
            }
        }

        return tree;
    }

    private void Scan(LocalFolder folder, string prefix, int depth, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        List<string> names = folder.ListNames();
        names.Sort(StringComparer.Ordinal);
        var folders = new List<string>();
        int seen = 0;
        foreach (string name in names)
        {
            try
            {
                if (Look(folder, prefix, name) is FileKind.Folder)
                    folders.Add(name);
                seen++;
            }
            catch (FileException e)
            {
                Others.Add(new TreeFailure(prefix + name, e));
            }
        }

        if (seen == 0 && prefix.Length > 0)
            EmptyFolders.Add(prefix[..^1]);
        foreach (string name in folders)
        {
            try
            {
                if (depth + 1 >= VirtualPath.MaxDepth)
                    throw new FileException(FileError.Limit, "The tree is too deep.");
                Folders.Add(prefix + name);
                using LocalFolder child = folder.OpenChild(name, create: false);
                Scan(child, prefix + name + "/", depth + 1, cancellationToken);
            }
            catch (FileException e)
            {
                Others.Add(new TreeFailure(prefix + name, e));
            }
        }
    }

    private FileKind? Look(LocalFolder folder, string prefix, string name)
    {
        if (VirtualPath.CheckName(name) is { } problem)
            throw new FileException(FileError.BadPath, problem);
        if (!folder.TryStat(name, out FileStatus status))
            return null; // it was there a moment ago
        if (status.Kind == FileKind.File)
            Files.Add(new TreeFile(prefix + name, status.Size, status.Modified.ToDateTimeOffset(), status.Mode));
        else if (status.Kind != FileKind.Folder)
            throw new FileException(FileError.NotRegular, status.Kind == FileKind.Link ? "It is a link, which is not followed." : "It is neither a file nor a folder.");
        return status.Kind;
    }
}
