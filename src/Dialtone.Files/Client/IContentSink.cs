namespace Dialtone.Files;

/// <summary>Where a body goes.</summary>
internal interface IContentSink
{
    ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);
}

/// <summary>The caller's stream.</summary>
internal sealed class StreamSink(Stream stream) : IContentSink
{
    public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => stream.WriteAsync(content, cancellationToken);
}
