using System.Text.RegularExpressions;

namespace Dialtone.Tests.Docs;

/// <summary>The checkout these tests were built from, and the snippets it holds.</summary>
internal static partial class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every region of the samples, of the test kit's guide and of the hosting tests, and every program as a whole, without its indentation.</summary>
    public static IReadOnlyCollection<string> Snippets { get; } = [.. FindSnippets()];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    public static bool Exists(string path) => Path.Exists(Path.Combine(Root, path));

    /// <summary>The files under a folder, without what was built there.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories);

    /// <summary>Takes away the indentation that all lines share, and empty lines at both ends.</summary>
    public static string Dedent(string text)
    {
        string[] lines = text.TrimEnd().Split('\n');
        int indent = lines.Where(line => line.Trim().Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        return string.Join('\n', lines.Select(line => line.Length >= indent ? line[indent..] : line)).Trim('\n');
    }

    private static IEnumerable<string> FindSnippets()
    {
        foreach (string file in Files("samples", "*.cs").Concat(Files("tests/Dialtone.Tests/TestKit", "*.cs"))
            .Concat(Files("tests/Dialtone.Conformance.Tests/Hosting", "*.cs")))
        {
            string text = File.ReadAllText(file).ReplaceLineEndings("\n");
            yield return Dedent(text);
            foreach (Match region in Region().Matches(text))
                yield return Dedent(region.Groups["text"].Value);
        }
    }

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Dialtone.slnx")))
                return folder;
        }

        throw new DirectoryNotFoundException("These tests run inside their checkout.");
    }

    [GeneratedRegex(@"^[ ]*#region [^\n]+\n(?<text>.*?)^[ ]*#endregion", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Region();
}
