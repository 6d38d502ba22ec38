using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Dialtone.Commands;

/// <summary>What one argument, or several, may look like.</summary>
internal sealed partial class ArgumentShape
{
    private readonly Func<string, string, string?> _accept;

    /// <param name="accept">From a word and the folder to the word that is passed on; null when it does not fit.</param>
    /// <param name="wanted">What it looks like, to go behind "is not".</param>
    private ArgumentShape(Func<string, string, string?> accept, string wanted) => (_accept, Wanted) = (accept, wanted);

    public string Wanted { get; }

    public bool IsOptional { get; private init; }

    public bool Repeats { get; private init; }

    public static IReadOnlyList<ArgumentShape> ReadAll(List<JsonElement> elements, string rule)
    {
        var shapes = new List<ArgumentShape>();
        foreach (JsonElement element in elements)
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"{rule}, argument {shapes.Count + 1}");
            shapes.Add(element.ValueKind switch
            {
                JsonValueKind.String => Fixed(element.GetString()!),
                JsonValueKind.Object => ReadShape(element, where),
                _ => throw CommandPolicy.Bad($"{where}: write a word, or an object."),
            });
        }

        return shapes;
    }

    /// <summary>The word to pass on, or null.</summary>
    public string? Accept(string word, string folder) => _accept(word, folder);

    private static ArgumentShape ReadShape(JsonElement element, string where)
    {
        ShapeFile file;
        try
        {
            file = element.Deserialize(PolicyJson.Strict.ShapeFile)!;
        }
        catch (JsonException e)
        {
            throw new CommandException(CommandError.BadPolicy, $"{where}: {e.Message}", e);
        }

        object?[] kinds = [file.Integer, file.Path, file.OneOf, file.Pattern];
        if (kinds.Count(kind => kind is not null) != 1)
            throw CommandPolicy.Bad($"{where}: write one of \"integer\", \"path\", \"oneOf\" and \"pattern\".");
        if (file.Dash && file.Pattern is null)
            throw CommandPolicy.Bad($"{where}: \"dash\" belongs to \"pattern\".");
        ArgumentShape shape = file switch
        {
            { Integer: { } range } => Integer(range, where),
            { Path: { } root } => Under(root, where),
            { OneOf: { } words } => OneOf(words, where),
            _ => Pattern(file.Pattern!, file.Dash, where),
        };
        return new ArgumentShape(shape._accept, shape.Wanted) { IsOptional = file.Optional || file.Repeat, Repeats = file.Repeat };
    }

    private static ArgumentShape Fixed(string text) => new((word, _) => word == text ? word : null, $"the word '{Printable.Of(text)}'");

    private static ArgumentShape Integer(RangeFile range, string where)
    {
        long min = range.Min ?? long.MinValue, max = range.Max ?? long.MaxValue;
        if (min > max)
            throw CommandPolicy.Bad($"{where}: \"min\" is more than \"max\".");
        return new ArgumentShape(
            (word, _) => long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= min && value <= max
                && word == value.ToString(CultureInfo.InvariantCulture) ? word : null,
            (range.Min, range.Max) switch
            {
                (null, null) => "a whole number",
                ({ } least, null) => string.Create(CultureInfo.InvariantCulture, $"a whole number of at least {least}"),
                (null, { } most) => string.Create(CultureInfo.InvariantCulture, $"a whole number of at most {most}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"),
            });
    }

    private static ArgumentShape OneOf(List<string> words, string where) => words.Count > 0 && !words.Contains(null!)
        ? new ArgumentShape((word, _) => words.Contains(word, StringComparer.Ordinal) ? word : null, $"one of {string.Join(", ", words.Select(word => $"'{Printable.Of(word)}'"))}")
        : throw CommandPolicy.Bad($"{where}: \"oneOf\" is a list of texts, one at least.");

    /// <summary>The whole word must match, in time that grows with its length alone. A leading dash would be an option.</summary>
    private static ArgumentShape Pattern(string pattern, bool dash, string where)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant); // by itself as well: it closes no bracket of ours
            var regex = new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return new ArgumentShape(
                (word, _) => (dash || !word.StartsWith('-')) && regex.IsMatch(word) ? word : null,
                dash ? $"a word that matches {Printable.Of(pattern)}" : $"a word that matches {Printable.Of(pattern)} and begins with no dash");
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new CommandException(CommandError.BadPolicy, $"{where}: \"pattern\": {e.Message}", e);
        }
    }

    /// <summary>A path under a folder, whatever links lead there. What is passed on is the path that was found, so that it cannot be an option.</summary>
    private static ArgumentShape Under(string root, string where)
    {
        string? real = Path.IsPathRooted(root) ? RealPath(root) : null;
        if (real is null)
            throw CommandPolicy.Bad($"{where}: \"path\" must be the absolute path of a folder that exists.");
        return new ArgumentShape(
            (word, folder) => word.Length > 0 && !word.Contains('\0', StringComparison.Ordinal) && Resolve(Path.GetFullPath(word, folder)) is { } found
                && (found == real || real == "/" || found.StartsWith(real + "/", StringComparison.Ordinal)) ? found : null,
            $"a path under {Printable.Of(root)}");
    }

    /// <summary>The path without links; its last name may be new. Null when it leads nowhere.</summary>
    private static string? Resolve(string path)
    {
        if (RealPath(path) is { } found)
            return found;
        if (new FileInfo(path).LinkTarget is not null)
            return null; // a link to what is not there
        string name = Path.GetFileName(path);
        return name is not ("" or "." or "..") && RealPath(Path.GetDirectoryName(path) ?? "/") is { } parent ? $"{(parent == "/" ? "" : parent)}/{name}" : null;
    }

    private static string? RealPath(string path)
    {
        nint found = RealPath(path, 0);
        if (found == 0)
            return null;
        string text = Marshal.PtrToStringUTF8(found)!;
        Free(found);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RealPath(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);
}
