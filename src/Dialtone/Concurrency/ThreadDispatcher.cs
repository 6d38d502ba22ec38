using Dialtone.Engines;

namespace Dialtone;

/// <summary>Runs each conversation on a thread of its own, at most so many at a time.</summary>
internal sealed class ThreadDispatcher(int max) : Dispatcher
{
    private readonly Room _room = new(max);

    public override ReadyOn ReadyOn => ReadyOn.CallerBlocks;

    public override ValueTask WaitForRoomAsync(CancellationToken stopping) => _room.EnterAsync(stopping);

    public override void ReleaseRoom() => _room.Leave();

    public override void Dispatch(IConversation conversation)
    {
        try
        {
            SmallThread.Start("dialtone caller", () => Run(conversation));
        }
        catch (OutOfMemoryException)
        {
            // The system has no thread to give: the caller is told by a close, and the server lives.
            _room.Leave();
            conversation.Reject(CloseReason.QueueFull);
        }
    }

    private void Run(IConversation conversation)
    {
        // An asynchronous handler stays on this thread, whatever it awaits.
        ThreadContext.Run(conversation.RunAsync);
        _room.Leave();
    }
}
