using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Dialtone.Files;

/// <summary>A place below a root, as a list of checked names. Built once, where text comes in; everything behind takes this and no text.</summary>
/// <remarks>
/// Names are UTF-8 of 1 to 255 bytes without <c>/</c>, <c>\</c>, NUL and control characters, and are not <c>.</c> or <c>..</c>; they are kept as sent
/// (no case folding, no Unicode normalisation). A path has at most 4,096 bytes and 64 names. <c>.dialtone</c> at the top is the server's own and refused.
/// </remarks>
public sealed class VirtualPath : IEquatable<VirtualPath>
{
    /// <summary>The longest name, in bytes of UTF-8: what Linux file systems keep.</summary>
    public const int MaxNameBytes = 255;

    /// <summary>The longest path, in bytes of UTF-8 with its slashes.</summary>
    public const int MaxBytes = 4096;

    /// <summary>The most names in a path.</summary>
    public const int MaxDepth = 64;

    /// <summary>The folder at the top of a share in which the server keeps what is not yet published.</summary>
    public const string PrivateFolder = ".dialtone";

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);
    private readonly string[] _names;
    private string? _text;

    private VirtualPath(string[] names) => _names = names;

    /// <summary>The root itself.</summary>
    public static VirtualPath Root { get; } = new([]);

    /// <summary>The names from the top.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>Whether this is the root.</summary>
    public bool IsRoot => _names.Length == 0;

    /// <summary>The last name; empty for the root.</summary>
    public string Name => IsRoot ? "" : _names[^1];

    /// <summary>The folder that holds this; the root's is the root.</summary>
    public VirtualPath Parent => _names.Length <= 1 ? Root : new VirtualPath(_names[..^1]);

    /// <summary>Reads a path as a person or a peer writes it: <c>/</c> separates, a leading one means the root, otherwise it is relative to <paramref name="folder"/>.</summary>
    /// <remarks><c>.</c> and empty names are skipped; <c>..</c> goes up and stops at the root.</remarks>
    /// <param name="text">The path.</param>
    /// <param name="folder">Where relative paths begin; the root if null.</param>
    /// <param name="path">The path, if true is returned.</param>
    /// <param name="problem">What is wrong, if false is returned: a sentence that does not repeat the text.</param>
    public static bool TryParse(
        string? text, VirtualPath? folder, [NotNullWhen(true)] out VirtualPath? path, [NotNullWhen(false)] out string? problem)
    {
        path = null;
        if (text is null || text.Length > MaxBytes)
        {
            problem = text is null ? "A path is missing." : $"The path is longer than {MaxBytes} bytes.";
            return false;
        }

        List<string> names = text.StartsWith('/') || folder is null ? [] : [.. folder._names];
        foreach (Range range in text.AsSpan().Split('/'))
        {
            string name = text[range];
            if (name is "" or ".")
                continue;
            if (name == "..")
            {
                if (names.Count > 0)
                    names.RemoveAt(names.Count - 1);
                continue;
            }

            if (CheckName(name) is { } wrong)
            {
                problem = wrong;
                return false;
            }

            names.Add(name);
        }

        return TryBuild([.. names], out path, out problem);
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="FileException">It is no path: <see cref="FileError.BadPath"/>.</exception>
    public static VirtualPath Parse(string? text, VirtualPath? folder = null) => TryParse(text, folder, out VirtualPath? path, out string? problem)
        ? path
        : throw new FileException(FileError.BadPath, problem);

    /// <summary>The path of an entry of this folder.</summary>
    /// <exception cref="FileException">The name cannot be used: <see cref="FileError.BadPath"/>.</exception>
    public VirtualPath Append(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string? problem = name is "." or ".." or "" ? "A name is empty, '.' or '..'." : CheckName(name);
        return problem is null && TryBuild([.. _names, name], out VirtualPath? path, out problem)
            ? path
            : throw new FileException(FileError.BadPath, problem!);
    }

    /// <summary>The path of NAME.<paramref name="number"/> beside this.</summary>
    /// <exception cref="FileException">The name becomes too long: <see cref="FileError.BadPath"/>.</exception>
    internal VirtualPath Numbered(int number) => Parent.Append(string.Create(CultureInfo.InvariantCulture, $"{Name}.{number}"));

    /// <summary>This path below another root: <paramref name="folder"/>, then the names of this.</summary>
    /// <exception cref="FileException">It becomes too long: <see cref="FileError.BadPath"/>.</exception>
    public VirtualPath Below(VirtualPath folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (folder.IsRoot)
            return this;
        return TryBuild([.. folder._names, .. _names], out VirtualPath? path, out string? problem)
            ? path
            : throw new FileException(FileError.BadPath, problem);
    }

    /// <summary>Whether this is <paramref name="folder"/> or lies inside it. Compared name by name: <c>/alex2</c> is not inside <c>/alex</c>.</summary>
    public bool IsWithin(VirtualPath folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return _names.AsSpan().StartsWith(folder._names);
    }

    /// <inheritdoc/>
    public bool Equals(VirtualPath? other) => other is not null && _names.AsSpan().SequenceEqual(other._names);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VirtualPath);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>The path as text, beginning with <c>/</c>.</summary>
    public override string ToString() => _text ??= "/" + string.Join('/', _names);

    /// <summary>Whether a name at the top is the server's own, also on a disk that ignores case or what stands at the end.</summary>
    internal static bool IsPrivate(ReadOnlySpan<char> name) =>
        name.StartsWith(PrivateFolder, StringComparison.OrdinalIgnoreCase) && name[PrivateFolder.Length..].Trim(". ").IsEmpty;

    /// <summary>As <see cref="IsPrivate(ReadOnlySpan{char})"/>, of a name in UTF-8.</summary>
    internal static bool IsPrivate(ReadOnlySpan<byte> name) =>
        name.Length >= PrivateFolder.Length && name[0] == '.' && IsPrivate(Encoding.UTF8.GetString(name));

    /// <summary>What is wrong with a name, as a sentence that does not repeat it; null if nothing is.</summary>
    internal static string? CheckName(string name)
    {
        foreach (char c in name)
        {
            if (c is '/' or '\\')
                return "A name holds a slash or a backslash.";
            if (char.IsControl(c)) // C0, DEL and C1
                return "A name holds a control character.";
        }

        try
        {
            return StrictUtf8.GetByteCount(name) > MaxNameBytes ? $"A name is longer than {MaxNameBytes} bytes." : null;
        }
        catch (EncoderFallbackException)
        {
            return "A name is not valid Unicode.";
        }
    }

    private static bool TryBuild(string[] names, [NotNullWhen(true)] out VirtualPath? path, [NotNullWhen(false)] out string? problem)
    {
        path = null;
        problem = names switch
        {
            { Length: > MaxDepth } => $"The path has more than {MaxDepth} names.",
            [var top, ..] when IsPrivate(top) => "The name is the server's own.",
            _ when names.Sum(name => 1 + Encoding.UTF8.GetByteCount(name)) > MaxBytes => $"The path is longer than {MaxBytes} bytes.",
            _ => null,
        };
        if (problem is null)
            path = names.Length == 0 ? Root : new VirtualPath(names);
        return problem is null;
    }
}
