using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>The names in an open folder, as the system gives them: no order, <c>.</c> and <c>..</c> left out.</summary>
internal ref struct FolderEntries(FileCalls calls, SafeFileHandle folder)
{
    private const int BufferBytes = 32 * 1024, LengthAt = 16, NameAt = 19; // struct linux_dirent64

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _at;
    private int _end;

    /// <summary>The name with its NUL; valid until the next move.</summary>
    internal ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>The name without its NUL.</summary>
    internal readonly ReadOnlySpan<byte> Name => Current[..^1];

    internal bool MoveNext()
    {
        while (true)
        {
            if (_at == _end)
            {
                long read = calls.ReadFolder(folder, _buffer);
                if (read == -Errno.NoEntry)
                    return false; // the folder itself was removed meanwhile
                Errno.Check(read);
                if (read == 0)
                    return false;
                (_at, _end) = (0, (int)read);
            }

            ReadOnlySpan<byte> record = _buffer.AsSpan(_at, _end - _at);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(record[LengthAt..]);
            _at += length;
            ReadOnlySpan<byte> name = record[NameAt..length];
            Current = name[..(name.IndexOf((byte)0) + 1)];
            if (!Name.SequenceEqual("."u8) && !Name.SequenceEqual(".."u8))
                return true;
        }
    }

    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
