using System.Buffers;
using System.Text;

namespace Dialtone.Cli;

internal enum KeyName
{
    None,
    Letter,
    Enter,
    Tab,
    Cancel,
    Closed,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    Backspace,
    Delete,
    DeleteOrClose,
    EraseToStart,
    EraseToEnd,
    EraseWord,
    Clear,
}

/// <summary>A key, and the letter if it is one.</summary>
internal readonly record struct Key(KeyName Name, Rune Letter = default);

/// <summary>Makes keys of the bytes that a terminal sends.</summary>
internal static class KeyReader
{
    /// <summary>The next key. Waits for it.</summary>
    /// <param name="read">The next byte; −1 at the end.</param>
    /// <param name="hasMore">Whether a byte has come already.</param>
    public static Key Read(Func<int> read, Func<bool> hasMore)
    {
        int first = read();
        return first switch
        {
            < 0 => new Key(KeyName.Closed),
            '\r' or '\n' => new Key(KeyName.Enter),
            '\t' => new Key(KeyName.Tab),
            0x7f or 0x08 => new Key(KeyName.Backspace),
            1 => new Key(KeyName.Home),
            2 => new Key(KeyName.Left),
            3 => new Key(KeyName.Cancel),
            4 => new Key(KeyName.DeleteOrClose),
            5 => new Key(KeyName.End),
            6 => new Key(KeyName.Right),
            11 => new Key(KeyName.EraseToEnd),
            12 => new Key(KeyName.Clear),
            14 => new Key(KeyName.Down),
            16 => new Key(KeyName.Up),
            21 => new Key(KeyName.EraseToStart),
            23 => new Key(KeyName.EraseWord),
            0x1b => hasMore() ? ReadSequence(read) : default,
            < 0x20 => default,
            _ => ReadLetter((byte)first, read),
        };
    }

    // sequence = ESC ( "[" | "O" ) *( digit | ";" ) final      ; ECMA-48 5.4, xterm's cursor keys
    private static Key ReadSequence(Func<int> read)
    {
        if (read() is not ('[' or 'O'))
            return default;
        int number = 0;
        while (true)
        {
            int next = read();
            switch (next)
            {
                case >= '0' and <= '9':
                    number = Math.Min(1000, (number * 10) + next - '0');
                    break;
                case ';':
                    break;
                default:
                    return new Key(next switch
                    {
                        'A' => KeyName.Up,
                        'B' => KeyName.Down,
                        'C' => KeyName.Right,
                        'D' => KeyName.Left,
                        'H' => KeyName.Home,
                        'F' => KeyName.End,
                        '~' when number is 1 or 7 => KeyName.Home,
                        '~' when number is 4 or 8 => KeyName.End,
                        '~' when number == 3 => KeyName.Delete,
                        '~' when number == 5 => KeyName.PageUp,
                        '~' when number == 6 => KeyName.PageDown,
                        _ => KeyName.None,
                    });
            }
        }
    }

    private static Key ReadLetter(byte first, Func<int> read)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes[0] = first;
        for (int length = 1; ; length++)
        {
            switch (Rune.DecodeFromUtf8(bytes[..length], out Rune letter, out _))
            {
                case OperationStatus.Done:
                    return Rune.IsControl(letter) ? default : new Key(KeyName.Letter, letter);
                case OperationStatus.NeedMoreData when length < 4 && read() is >= 0 and { } next:
                    bytes[length] = (byte)next;
                    break;
                default:
                    return default;
            }
        }
    }
}
