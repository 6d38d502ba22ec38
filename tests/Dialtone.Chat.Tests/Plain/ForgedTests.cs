using System.Net.Sockets;

namespace Dialtone.Chat.Tests;

/// <summary>Measures memory, so nothing runs beside it.</summary>
[Collection(nameof(Alone))]
public sealed class ForgedTests
{
    [Fact] // G08
    public async Task A_hundred_thousand_forged_addresses_leave_memory_flat_and_push_out_nobody_who_was_answered()
    {
        await using Place place = await Place.StartAsync(options: new ChatHubOptions { Limits = new ChatLimits { MaxPlainAddresses = 2000, MaxUnansweredInAll = 1000, MaxWaitingEvents = 500 } });
        using UdpClient friend = place.Sender();
        await friend.SendAsync("hello"u8.ToArray());
        await place.HearAsync(1);
        string mine = friend.Client.LocalEndPoint!.ToString()!;
        Assert.Equal(ChatError.None, place.Desk.Say(mine, "hello"));
        await friend.SendAsync("a question"u8.ToArray());
        await place.HearAsync(1);
        do
            await FloodAsync(place, 6000); // until tables are full, and everything has run once
        while (place.Desk.Here.Count < 2000 || place.Desk.Unanswered.Count < 1000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        await FloodAsync(place, 100_000);
        long after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.InRange(after - before, long.MinValue, 1_000_000);
        Assert.Equal(2000, place.Desk.Here.Count);
        Assert.Equal(1000, place.Desk.Unanswered.Count);
        Assert.Equal((mine, "a question"), (place.Desk.Unanswered[0].From, place.Desk.Unanswered[0].Text));
        Assert.Equal(ChatError.None, place.Desk.Say(mine, "an answer"));
        Assert.Equal("hello"u8.ToArray(), await Place.ReceiveAsync(friend));
        Assert.Equal("an answer"u8.ToArray(), await Place.ReceiveAsync(friend));
    }

    [Fact]
    public async Task Ten_thousand_silent_participants_cost_the_hub_little()
    {
        await using var meeting = new Meeting();
        var line = new RecordingLine(); // what a tongue keeps for each is not the hub's
        string[] names = [.. Enumerable.Range(0, 10_000).Select(static i => $"member{i}")];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        foreach (string name in names)
        {
            Assert.Equal(ChatError.None, meeting.Hub.TryJoin(name, null, line, out ChatParticipant? who));
            Assert.Equal(ChatError.None, await meeting.Hub.EnterAsync(who!, "lobby", null));
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / names.Length;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes each");
        Assert.InRange(each, 1, 200);
    }

    private static async Task FloodAsync(Place place, int addresses)
    {
        await using PythonPeer peer = place.Peer("plain_flood.py", addresses, 1, 200);
        PythonResult result = await peer.WaitForExitAsync();
        Assert.Equal((0, "sent\n"), (result.ExitCode, result.Output));
    }
}
