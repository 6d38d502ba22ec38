using Microsoft.Win32.SafeHandles;

namespace Dialtone.Chat;

/// <summary>Reads a file of lines back.</summary>
internal static class HistoryReader
{
    private const int MaxLineBytes = 512 * 1024; // a text of 32 KiB, all of it escaped, and its names

    /// <summary>Reads every line; one that is longer than a message can be is left out.</summary>
    /// <returns>Where the last line ends. What stands behind it was never whole.</returns>
    public static long ReadLines(SafeFileHandle file, Action<ReadOnlySpan<byte>> read)
    {
        var buffer = new byte[64 * 1024];
        int kept = 0;
        bool isTooLong = false;
        long position = 0, end = 0;
        while (RandomAccess.Read(file, buffer.AsSpan(kept), position) is > 0 and var count)
        {
            position += count;
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, kept + count);
            while (rest.IndexOf((byte)'\n') is >= 0 and var newline)
            {
                if (!isTooLong)
                    read(rest[..newline]);
                isTooLong = false;
                rest = rest[(newline + 1)..];
                end = position - rest.Length;
            }

            isTooLong |= rest.Length >= MaxLineBytes;
            kept = isTooLong ? 0 : rest.Length;
            if (kept == buffer.Length)
                Array.Resize(ref buffer, 2 * buffer.Length);
            else
                rest[..kept].CopyTo(buffer);
        }

        return end;
    }
}
