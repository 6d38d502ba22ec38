namespace Dialtone.Commands;

/// <summary>What a remote command reads, sent in frames as far as there is credit.</summary>
internal sealed class SentStream(RemoteCommand command) : WriteOnlyStream
{
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        command.SendInputAsync(buffer, cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await command.FinishInputAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing) => _ = command.FinishInputAsync();
}
