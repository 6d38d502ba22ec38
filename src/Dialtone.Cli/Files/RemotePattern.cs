using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>Finds what a pattern means, on a server and on this machine.</summary>
internal static class RemotePattern
{
    /// <summary>The paths on the server that a text with wildcards means; where nothing matches, the text itself.</summary>
    /// <param name="client">The server.</param>
    /// <param name="text">As it was written.</param>
    /// <param name="folder">Where relative paths begin.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="FileException">The text is no path, or a folder on the way cannot be listed.</exception>
    public static async Task<IReadOnlyList<VirtualPath>> ExpandAsync(FileClient client, string text, VirtualPath folder, CancellationToken cancellationToken)
    {
        if (!Wildcard.IsSpecial(text))
            return [VirtualPath.Parse(text, folder)];
        List<VirtualPath> places = [text.StartsWith('/') ? VirtualPath.Root : folder];
        string[] names = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        bool isPattern = false;
        for (int i = 0; i < names.Length && places.Count > 0; i++)
        {
            if (Wildcard.IsPattern(names[i]))
            {
                isPattern = true;
                places = await MatchAsync(client, places, Wildcard.Parse(names[i]), foldersOnly: i < names.Length - 1, cancellationToken);
            }
            else
            {
                string name = Wildcard.Unescape(names[i]);
                places = [.. places.Select(place => VirtualPath.Parse(name, place))];
                if (isPattern)
                    places = await ExistingAsync(client, places, cancellationToken);
            }
        }

        return places.Count > 0 ? places : [VirtualPath.Parse(Wildcard.Unescape(text), folder)];
    }

    /// <summary>The files of this machine that a text means. The shell has expanded patterns already; what it left is quoted or came from our own shell.</summary>
    public static IReadOnlyList<string> ExpandLocal(string text)
    {
        if (!Wildcard.IsSpecial(text) || Path.Exists(text))
            return [text];
        List<string> places = [text.StartsWith('/') ? "/" : ""];
        foreach (string name in text.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!Wildcard.IsPattern(name))
            {
                places = [.. places.Select(place => Path.Combine(place, Wildcard.Unescape(name)))];
                continue;
            }

            var pattern = Wildcard.Parse(name);
            places = [.. places.SelectMany(place => Names(place).Where(pattern.Matches).Order(StringComparer.Ordinal).Select(found => Path.Combine(place, found)))];
        }

        string[] existing = [.. places.Where(Path.Exists)];
        return existing.Length > 0 ? existing : [Wildcard.Unescape(text)];
    }

    private static IEnumerable<string> Names(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder.Length == 0 ? "." : folder).Select(path => Path.GetFileName(path))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static async Task<List<VirtualPath>> MatchAsync(
        FileClient client, List<VirtualPath> folders, Wildcard pattern, bool foldersOnly, CancellationToken cancellationToken)
    {
        var found = new List<VirtualPath>();
        foreach (VirtualPath folder in folders)
        {
            await foreach (RemoteEntry entry in client.ListAsync(folder.ToString(), cancellationToken: cancellationToken))
            {
                if (pattern.Matches(entry.Path) && (!foldersOnly || entry.Kind == FileKind.Folder))
                    found.Add(folder.Append(entry.Path));
            }
        }

        return found;
    }

    private static async Task<List<VirtualPath>> ExistingAsync(FileClient client, List<VirtualPath> places, CancellationToken cancellationToken)
    {
        var existing = new List<VirtualPath>();
        foreach (VirtualPath place in places)
        {
            if (await RemotePlace.FindAsync(client, place, cancellationToken) is not null)
                existing.Add(place);
        }

        return existing;
    }
}
