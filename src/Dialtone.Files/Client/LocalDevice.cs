using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Files;

/// <summary>A device, a pipe or the like that the user named as a target. It is written into: there is nothing to replace, and its name stays what it is.</summary>
internal sealed class LocalDevice : IContentSink, IDisposable
{
    private readonly FileStream _stream;
    private readonly string _path;

    private LocalDevice(FileStream stream, string path) => (_stream, _path) = (stream, path);

    /// <summary>Opens what stands at a path, links followed, if it is no file and no folder; null otherwise, and where nothing stands.</summary>
    /// <exception cref="FileException">It cannot be opened.</exception>
    public static LocalDevice? TryOpen(string path)
    {
        if (!OpenFlags.IsSupported)
            return null;
        int found = FileCalls.System.Open(null, Encoding.UTF8.GetBytes(Path.GetFullPath(path) + '\0'), OpenFlags.PathOnly | OpenFlags.CloseOnExec, 0, out SafeFileHandle place);
        using (place)
        {
            if (found < 0 || FileCalls.System.Stat(place, NativeName.Itself, out FileStatus status) < 0 || status.Kind is not FileKind.Other)
                return null;
        }

        try
        {
            return new LocalDevice(new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refusal(e, path);
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            _stream.Write(content.Span);
            return default;
        }
        catch (IOException e)
        {
            throw Refusal(e, _path);
        }
    }

    public void Dispose() => _stream.Dispose();

    private static FileException Refusal(Exception error, string path) =>
        new(error is UnauthorizedAccessException ? FileError.Denied : FileError.Failed, $"{path}: {error.Message} (on this side)", error);
}
