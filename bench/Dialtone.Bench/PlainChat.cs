using Dialtone.Chat;

namespace Dialtone.Bench;

/// <summary>A chat whose operator says every plain message back: at once, or from the desk as a person's script does.</summary>
internal static class PlainChat
{
    private const int NoLimit = 10_000_000; // the load comes from one host, far faster than people type

    public static async Task RunAsync(bool isAtOnce, CancellationToken stopping)
    {
        await using var hub = new ChatHub(new ChatHubOptions
        {
            AnswerAtOnce = isAtOnce ? static message => message.Text : null,
            Limits = new ChatLimits { MessagesPerSecond = NoLimit, Burst = NoLimit, AnswersPerSecond = NoLimit },
        });
        await using Server server = new Server(new ServerOptions { Listen = ["udp://127.0.0.1:0"], Concurrency = Concurrency.Inline }).HandleChat(hub);
        await server.StartAsync();
        Console.WriteLine($"listening {server.Addresses[0]}");
        try
        {
            await foreach (ChatEvent each in hub.Desk.ReadAllAsync(stopping))
            {
                if (!isAtOnce && each is ChatMessage { To: ChatHub.Operator } message)
                    hub.Desk.Answer(message.Id, message.Text);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }
}
