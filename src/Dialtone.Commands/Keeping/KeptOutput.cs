using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Dialtone.Commands;

/// <summary>All that a kept command has written to one stream, in a private temporary file: read from its beginning by whoever attaches.</summary>
internal sealed class KeptOutput : IDisposable
{
    private const int CopyBytes = 64 * 1024;
    private readonly SafeFileHandle _file = PrivateTemporaryFile.Open();
    private readonly Lock _gate = new();
    private long _length;                                                                                     // under _gate
    private bool _isOver;                                                                                     // under _gate
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);            // under _gate

    public long Length
    {
        get
        {
            lock (_gate)
                return _length;
        }
    }

    /// <summary>Keeps all that a command's stream has.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public async Task FillAsync(Stream source)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            long length = 0;
            int count;
            while ((count = await source.ReadAsync(buffer).ConfigureAwait(false)) > 0)
            {
                RandomAccess.Write(_file, buffer.AsSpan(0, count), length);
                Grow(length += count, isOver: false);
            }
        }
        finally
        {
            Grow(Length, isOver: true);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>From the beginning to the end that the command has yet to write.</summary>
    public Stream Open() => new Reader(this);

    public void Dispose()
    {
        lock (_gate)
            _file.Dispose();
    }

    private void Grow(long length, bool isOver)
    {
        TaskCompletionSource grown;
        lock (_gate)
        {
            (_length, _isOver) = (length, isOver);
            grown = _grown;
            _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        grown.SetResult();
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task grown;
            lock (_gate)
            {
                if (_file.IsClosed)
                    throw new IOException("The run is not kept any more.");
                if (_length > position)
                    return RandomAccess.Read(_file, buffer.Span[..(int)Math.Min(buffer.Length, _length - position)], position);
                if (_isOver)
                    return 0;
                grown = _grown.Task;
            }

            await grown.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class Reader(KeptOutput kept) : ReadOnlyStream
    {
        private long _position;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await kept.ReadAsync(buffer, _position, cancellationToken).ConfigureAwait(false);
            _position += count;
            return count;
        }
    }
}
