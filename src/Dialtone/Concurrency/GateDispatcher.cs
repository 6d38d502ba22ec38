using Dialtone.Engines;

namespace Dialtone;

/// <summary>Lets so many asynchronous conversations run at a time; the rest wait in a bounded queue.</summary>
internal sealed class GateDispatcher(int workers, int queue, WhenFull whenFull, ReadyOn readyOn = ReadyOn.Pool) : Dispatcher
{
    private readonly WaitingRoom _room = new(workers, queue, whenFull);

    public override ReadyOn ReadyOn => readyOn;

    public override ValueTask WaitForRoomAsync(CancellationToken stopping) => _room.WaitAsync(stopping);

    public override void ReleaseRoom() => _room.Release();

    public override void Dispatch(IConversation conversation)
    {
        if (_room.Enter(conversation) is { } next)
            Start(next);
    }

    private void Start(IConversation conversation) =>
        ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.dispatcher.RunAsync(work.conversation), (dispatcher: this, conversation), preferLocal: false);

    private async Task RunAsync(IConversation conversation)
    {
        await conversation.RunAsync().ConfigureAwait(false);
        if (_room.Leave() is { } next)
            Start(next);
    }

    public override void Dispose() => _room.Close();
}
