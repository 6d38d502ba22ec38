using System.Buffers;
using System.IO.Pipelines;

namespace Dialtone.Tests;

/// <summary>A writer that remembers what would have been sent, send by send.</summary>
internal sealed class RecordingWriter : PipeWriter
{
    private readonly ArrayBufferWriter<byte> _pending = new();

    public List<byte[]> Sends { get; } = [];

    /// <summary>The memory handed over to be sent without a copy.</summary>
    public List<ReadOnlyMemory<byte>> Lent { get; } = [];

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _pending.WrittenCount;

    public byte[] All => [.. Sends.SelectMany(s => s)];

    public override void Advance(int bytes) => _pending.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _pending.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _pending.GetSpan(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Sends.Add(_pending.WrittenSpan.ToArray());
        _pending.ResetWrittenCount();
        return default;
    }

    public override async ValueTask<FlushResult> WriteAsync(
        ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        if (UnflushedBytes > 0)
        {
            await FlushAsync(cancellationToken);
        }

        Lent.Add(source);
        Sends.Add(source.ToArray());
        return default;
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }
}
