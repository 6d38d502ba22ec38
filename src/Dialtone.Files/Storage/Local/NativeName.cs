using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Dialtone.Files;

/// <summary>Names between .NET's text and the NUL-terminated UTF-8 of system calls.</summary>
internal static class NativeName
{
    /// <summary>Room for any <see cref="VirtualPath"/> and its NUL.</summary>
    internal const int MaxPathBytes = VirtualPath.MaxBytes + 2;

    /// <summary>Room for any name of a <see cref="VirtualPath"/> and its NUL.</summary>
    internal const int MaxNameBytes = VirtualPath.MaxNameBytes + 1;

    private static readonly SearchValues<byte> Refused = SearchValues.Create([.. Enumerable.Range(0, 32).Select(value => (byte)value), 0x7F, (byte)'\\', (byte)'/']);

    /// <summary>The open folder itself.</summary>
    internal static ReadOnlySpan<byte> This => ".\0"u8;

    /// <summary>The open file itself, where a call takes a name.</summary>
    internal static ReadOnlySpan<byte> Itself => "\0"u8;

    internal static ReadOnlySpan<byte> Of(ReadOnlySpan<char> text, Span<byte> buffer)
    {
        int count = Encoding.UTF8.GetBytes(text, buffer);
        buffer[count] = 0;
        return buffer[..(count + 1)];
    }

    /// <summary>The path below the root of its store.</summary>
    internal static ReadOnlySpan<byte> Of(VirtualPath path, Span<byte> buffer) => path.IsRoot ? This : Of(path.ToString().AsSpan(1), buffer);

    /// <summary>The path of the folder that holds it.</summary>
    internal static ReadOnlySpan<byte> OfParent(VirtualPath path, Span<byte> buffer)
    {
        string text = path.ToString();
        int slash = text.LastIndexOf('/');
        return slash <= 0 ? This : Of(text.AsSpan(1, slash - 1), buffer);
    }

    /// <summary>Whether a name found on the disk (without NUL) can be asked for in a <see cref="VirtualPath"/>.</summary>
    internal static bool IsPresentable(ReadOnlySpan<byte> name)
    {
        if (name.Length > VirtualPath.MaxNameBytes || name.ContainsAny(Refused) || !Utf8.IsValid(name))
            return false;
        for (int at = name.IndexOf((byte)0xC2); at >= 0;) // C1 control characters are C2 80 to C2 9F
        {
            if (name[at + 1] < 0xA0)
                return false;
            int next = name[(at + 1)..].IndexOf((byte)0xC2);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return true;
    }
}
