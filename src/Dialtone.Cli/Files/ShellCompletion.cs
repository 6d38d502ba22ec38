using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary>What Tab may put into a line of the shell: commands, names on the server, and for <c>put</c> and <c>lcd</c> names here.</summary>
internal sealed class ShellCompletion(IShell shell)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Goes on with the text before the cursor as far as there is one way.</summary>
    public async Task<Completion> CompleteAsync(string text)
    {
        List<string> words = ShellWords.SplitOpen(text, out int start);
        string word = Wildcard.Unescape(words[^1]);
        if (words.Count == 1)
            return Complete(text, start, "", word, shell.CommandNames.Select(name => (name, IsFolder: false)));
        int slash = word.LastIndexOf('/') + 1;
        (string folder, string prefix) = (word[..slash], word[slash..]);
        IReadOnlyList<(string Name, bool IsFolder)> names = words[0] is "put" or "lcd" ? NamesHere(folder) : await NamesThereAsync(folder);
        return Complete(text, start, folder, prefix, names);
    }

    private static Completion Complete(string text, int start, string folder, string prefix, IEnumerable<(string Name, bool IsFolder)> names)
    {
        (string Name, bool IsFolder)[] fitting = [.. names
            .Where(item => item.Name.StartsWith(prefix, StringComparison.Ordinal) && (prefix.Length > 0 || !item.Name.StartsWith('.')))
            .OrderBy(item => item.Name, StringComparer.Ordinal)];
        string[] choices = [.. fitting.Select(item => Printable.Of(item.Name) + (item.IsFolder ? "/" : ""))];
        if (fitting.Length == 0)
            return new Completion(text, choices);
        string common = fitting.Select(item => item.Name).Aggregate(CommonPrefix);
        string ending = fitting.Length > 1 ? "" : fitting[0].IsFolder ? "/" : " ";
        return common.Length > prefix.Length || ending.Length > 0
            ? new Completion(text[..start] + ShellWords.Quote(folder + common) + ending, choices)
            : new Completion(text, choices);
    }

    private static string CommonPrefix(string a, string b)
    {
        int length = a.AsSpan().CommonPrefixLength(b);
        return length > 0 && char.IsHighSurrogate(a[length - 1]) ? a[..(length - 1)] : a[..length];
    }

    private static (string, bool)[] NamesHere(string folder)
    {
        try
        {
            var here = new DirectoryInfo(folder.Length == 0 ? "." : folder);
            return [.. here.EnumerateFileSystemInfos().Select(item => (item.Name, item is DirectoryInfo))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private async Task<IReadOnlyList<(string, bool)>> NamesThereAsync(string folder)
    {
        try
        {
            using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
            return await shell.NamesAsync(folder, limit.Token);
        }
        catch (Exception e) when (e is FileException or TransportException or ProtocolException or OperationCanceledException)
        {
            return []; // the command itself will say what is wrong
        }
    }
}
