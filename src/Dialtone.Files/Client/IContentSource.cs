using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>Where a body comes from.</summary>
internal interface IContentSource : IDisposable
{
    /// <summary>Bytes from the beginning to the end; null where nobody knows.</summary>
    long? Length { get; }

    /// <summary>The next bytes; 0 at the end.</summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Goes back to the beginning. Only where the length is known.</summary>
    ValueTask RewindAsync();
}

/// <summary>What every source can do.</summary>
internal static class ContentSources
{
    /// <summary>Reads over the first bytes, which the server has: their CRC-32C. The check has seen them then.</summary>
    public static async ValueTask<uint> SkipAsync(this IContentSource source, long count, ContentCheck check, CancellationToken cancellationToken)
    {
        byte[] buffer = TransferBuffers.Rent(count);
        try
        {
            uint crc = 0;
            while (count > 0)
            {
                int read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    break;
                crc = Crc32C.Append(crc, buffer.AsSpan(0, read));
                check.Append(buffer.AsSpan(0, read));
                count -= read;
            }

            return crc;
        }
        finally
        {
            TransferBuffers.Return(buffer);
        }
    }
}

/// <summary>The caller's stream.</summary>
internal sealed class StreamSource(Stream stream) : IContentSource
{
    private readonly long _start = stream.CanSeek ? stream.Position : 0;

    public long? Length { get; } = stream.CanSeek ? Math.Max(0, stream.Length - stream.Position) : null;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken) => stream.ReadAsync(buffer, cancellationToken);

    public ValueTask RewindAsync()
    {
        stream.Position = _start;
        return default;
    }

    public void Dispose()
    {
        // The stream is its owner's.
    }
}

/// <summary>A local file.</summary>
internal sealed class FileSource : IContentSource
{
    private readonly SafeFileHandle _file;
    private readonly string _name;
    private long _position;

    private FileSource(SafeFileHandle file, string name, in FileStatus status)
    {
        (_file, _name) = (file, name);
        (Length, Modified, Mode) = (status.Size, status.Modified.ToDateTimeOffset(), status.Mode);
    }

    public long? Length { get; }

    /// <summary>When its content changed last.</summary>
    public DateTimeOffset Modified { get; }

    /// <summary>Its permission bits.</summary>
    public UnixFileMode Mode { get; }

    /// <summary>Opens what the user named; a link is followed.</summary>
    public static FileSource Open(string path)
    {
        using LocalFolder folder = LocalFolder.OpenParent(path, out string name);
        Span<byte> text = stackalloc byte[VirtualPath.MaxNameBytes + 1];
        int flags = OpenFlags.Reading & ~OpenFlags.NoFollow;
        LocalFolder.Check(FileCalls.System.Open(folder.Handle, LocalFolder.Terminated(name, text), flags, 0, out SafeFileHandle file), path);
        return Of(file, path);
    }

    /// <summary>An open file.</summary>
    public static FileSource Of(SafeFileHandle file, string name)
    {
        int result = FileCalls.System.Stat(file, "\0"u8, out FileStatus status);
        if (result == 0 && status.Kind == FileKind.File)
            return new FileSource(file, name, status);
        file.Dispose();
        LocalFolder.Check(result, name);
        throw new FileException(
            status.Kind == FileKind.Folder ? FileError.IsFolder : FileError.NotRegular, $"{name} is not a regular file (on this side).");
    }

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        long count = FileCalls.System.Read(_file, buffer.Span, _position);
        LocalFolder.Check(count, _name);
        _position += count;
        return new ValueTask<int>((int)count);
    }

    public ValueTask RewindAsync()
    {
        _position = 0;
        return default;
    }

    public void Dispose() => _file.Dispose();
}
