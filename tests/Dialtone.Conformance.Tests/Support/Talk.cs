using System.Collections.Concurrent;

namespace Dialtone.Conformance.Tests;

/// <summary>What a handler of the policy suites does and notes down; the same for those that wait and those that block.</summary>
internal sealed class Talk
{
    public ConcurrentQueue<string> Steps { get; } = [];

    /// <summary>Where to throw: "setup", "handle", "finish", or nowhere.</summary>
    public string? ThrowIn { get; set; }

    public Exception? SeenByFinish { get; private set; }

    public void Step(string name)
    {
        Steps.Enqueue(name);
        if (ThrowIn == name)
            throw new InvalidDataException($"thrown in {name}");
    }

    public void Finish(Exception? error)
    {
        SeenByFinish = error;
        Step("finish");
    }

    /// <summary>Gives a server the handler that fits the policy.</summary>
    public Action<Server> For(string policy) => policy.EndsWith(Matrix.Blocking, StringComparison.Ordinal)
        ? server => server.HandleBlocking(() => new BlockingEcho(this))
        : server => server.Handle(() => new Echo(this));

    private sealed class Echo(Talk talk) : StreamHandler
    {
        protected override ValueTask SetupAsync()
        {
            talk.Step("setup");
            return default;
        }

        protected override async ValueTask HandleAsync()
        {
            talk.Step("handle");
            var buffer = new byte[1024];
            while (await Connection.ReceiveAsync(buffer) is > 0 and int count)
                await Connection.SendAsync(buffer.AsMemory(0, count));
        }

        protected override ValueTask FinishAsync(Exception? error)
        {
            talk.Finish(error);
            return default;
        }
    }

    private sealed class BlockingEcho(Talk talk) : BlockingStreamHandler
    {
        protected override void Setup() => talk.Step("setup");

        protected override void Handle()
        {
            talk.Step("handle");
            var buffer = new byte[1024];
            while (Stream.Read(buffer, 0, buffer.Length) is > 0 and int count)
                Stream.Write(buffer, 0, count);
        }

        protected override void Finish(Exception? error) => talk.Finish(error);
    }
}
