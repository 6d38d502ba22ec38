namespace Dialtone.Chat.Tests;

/// <summary>A hub on a clock that stands still, with people in it.</summary>
internal sealed class Meeting : IAsyncDisposable
{
    public Meeting(ChatHubOptions? options = null) => Hub = new ChatHub((options ?? new ChatHubOptions()) with { Time = Time });

    public FakeTimeProvider Time { get; } = new();

    public ChatHub Hub { get; }

    public async Task<(ChatParticipant Who, RecordingLine Line)> BringAsync(string name, string? room = "lobby", RecordingLine? line = null)
    {
        line ??= new RecordingLine();
        Assert.Equal(ChatError.None, Hub.TryJoin(name, null, line, out ChatParticipant? who));
        if (room is not null)
            Assert.Equal(ChatError.None, await Hub.EnterAsync(who!, room, null));
        return (who!, line);
    }

    /// <summary>What the operator has been told so far.</summary>
    public async Task<List<ChatEvent>> HeardAsync(int count)
    {
        var heard = new List<ChatEvent>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await foreach (ChatEvent each in Hub.Desk.ReadAllAsync(patience.Token))
        {
            heard.Add(each);
            if (heard.Count == count)
                break;
        }

        return heard;
    }

    public ValueTask DisposeAsync() => Hub.DisposeAsync();
}
