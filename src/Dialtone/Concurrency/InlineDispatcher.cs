using Dialtone.Engines;

namespace Dialtone;

/// <summary>Runs each conversation on its own event loop.</summary>
internal sealed class InlineDispatcher : Dispatcher
{
    public override ReadyOn ReadyOn => ReadyOn.Loop;

    public override void Dispatch(IConversation conversation)
    {
        if (conversation.Loop is { } loop && EpollLoop.Current != loop)
            loop.Post(new Start(conversation));
        else
            conversation.Start();
    }

    private sealed class Start(IConversation conversation) : IThreadPoolWorkItem
    {
        public void Execute() => conversation.Start();
    }
}
