using Dialtone.Engines;

namespace Dialtone;

/// <summary>Runs conversations on the thread pool.</summary>
internal sealed class TaskDispatcher(bool blocks) : Dispatcher
{
    public override ReadyOn ReadyOn => blocks ? ReadyOn.CallerBlocks : ReadyOn.Pool;

    public override void Dispatch(IConversation conversation) =>
        ThreadPool.UnsafeQueueUserWorkItem(static conversation => conversation.Start(), conversation, preferLocal: false);
}
