namespace Dialtone.Chat.Tests.Native;

public sealed class TalkTests
{
    [Fact]
    public async Task What_is_said_in_a_room_comes_to_the_others_and_its_sender_learns_how_many_have_it()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using ChatClient bob = await place.JoinAsync("bob", "lobby");
        await using ChatClient carol = await place.JoinAsync("carol", "lobby");
        await using var annHears = new Ear(ann);
        await using var bobHears = new Ear(bob);
        ChatReceipt receipt = await ann.SendAsync("hello, 世界 \u001b[31m", room: "lobby");
        Assert.True(receipt.IsTaken);
        ChatMessage? heard = await bobHears.HearAsync<ChatMessage>();
        Assert.Equal((receipt.Id, "ann", "lobby", "hello, 世界 \u001b[31m", true), (heard!.Id, heard.From, heard.Room, heard.Text, heard.IsVerified));
        Assert.Null(heard.Address);
        ChatDelivery? whole = await annHears.HearAsync<ChatDelivery>(mark => mark.Delivered == 2);
        Assert.Equal((receipt.Id, 2, 0, 2), (whole!.MessageId, whole.Delivered, whole.Failed, whole.Of));
    }

    [Fact]
    public async Task Direct_messages_reach_one_alone_and_nobody_is_an_answer_too()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann");
        await using ChatClient bob = await place.JoinAsync("bob");
        await using var bobHears = new Ear(bob);
        await using var annHears = new Ear(ann);
        Assert.True((await ann.SendAsync("psst", to: "BOB")).IsTaken);
        Assert.Equal("psst", (await bobHears.HearAsync<ChatMessage>())!.Text);
        Assert.Equal(1, (await annHears.HearAsync<ChatDelivery>())!.Delivered);
        Assert.Equal(ChatError.NoSuchName, (await ann.SendAsync("psst", to: "zoe")).Error);
        Assert.Equal(ChatError.NotInRoom, (await ann.SendAsync("psst", room: "lobby")).Error);
    }

    [Fact]
    public async Task The_operator_is_asked_and_answers()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann");
        await using var hears = new Ear(ann);
        ChatReceipt receipt = await ann.SendAsync("is anybody there?");
        ChatMessage question = Assert.Single(place.Hub.Desk.Unanswered);
        Assert.Equal((receipt.Id, "ann"), (question.Id, question.From));
        Assert.NotNull(question.Address);
        Assert.Equal(ChatError.None, place.Hub.Desk.Answer(question.Id, "always"));
        ChatMessage? answer = await hears.HearAsync<ChatMessage>();
        Assert.Equal((ChatHub.Operator, "always"), (answer!.From, answer.Text));
    }

    [Fact]
    public async Task Who_comes_and_goes_is_told_and_asked_for()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using var hears = new Ear(ann);
        ChatClient bob = await place.JoinAsync("bob");
        Assert.Equal(ChatError.None, await bob.EnterAsync("lobby"));
        Assert.Equal(("bob", true), (await hears.HearAsync<ChatPresence>() is { } came) ? (came.Name, came.IsHere) : default);
        ChatCrowd crowd = await ann.WhoAsync("lobby");
        Assert.Equal((2, true), (crowd.Count, crowd.Names.Order().SequenceEqual(["ann", "bob"])));
        Assert.Equal(ChatError.None, await bob.RenameAsync("robert"));
        Assert.Equal("robert", bob.Name);
        Assert.Equal(ChatError.NameTaken, await bob.RenameAsync("Ann"));
        await bob.DisposeAsync();
        Assert.NotNull(await hears.HearAsync<ChatPresence>(left => left is { Name: "robert", IsHere: false }));
        Assert.Equal(ChatError.None, await ann.LeaveAsync("lobby"));
        Assert.Equal(ChatError.NotInRoom, (await Assert.ThrowsAsync<ChatException>(() => ann.WhoAsync("lobby"))).Reason);
    }

    [Fact]
    public async Task History_comes_in_pages_without_a_gap()
    {
        await using NativePlace place = await NativePlace.StartAsync(new ChatHubOptions { Limits = new ChatLimits { MessagesPerSecond = 100_000, Burst = 1000 } });
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        string[] said = [.. Enumerable.Range(0, 70).Select(i => $"{i} {new string('x', 2000)}")];
        foreach (string text in said)
            Assert.True((await ann.SendAsync(text, room: "lobby")).IsTaken);
        var read = new List<string>();
        long? before = null;
        int pages = 0;
        for (bool hasMore = true; hasMore; pages++)
        {
            ChatPage page = await ann.HistoryAsync("lobby", before, limit: 50);
            Assert.NotEmpty(page.Messages);
            read.InsertRange(0, page.Messages.Select(message => message.Text));
            (before, hasMore) = (page.Messages[0].Id, page.HasMore);
        }

        Assert.Equal(said, read);
        Assert.True(pages > 2); // 50 of them do not fit into one message
    }

    [Fact]
    public async Task The_longest_text_arrives_whole_whatever_is_in_it_and_a_longer_one_is_refused()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using ChatClient bob = await place.JoinAsync("bob", "lobby");
        await using var hears = new Ear(bob);
        foreach (string text in new[] { new string('\u0001', 4096), new string('"', 4096), "", new string('世', 1365) })
        {
            Assert.True((await ann.SendAsync(text, room: "lobby")).IsTaken);
            Assert.Equal(text, (await hears.HearAsync<ChatMessage>())!.Text);
        }

        Assert.Equal(ChatError.TooLong, (await ann.SendAsync(new string('x', 4097), room: "lobby")).Error);
    }

    [Fact]
    public async Task Too_many_too_fast_are_refused_each_by_itself()
    {
        await using NativePlace place = await NativePlace.StartAsync(new ChatHubOptions { Limits = new ChatLimits { MessagesPerSecond = 1, Burst = 5 } });
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        ChatReceipt[] receipts = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => ann.SendAsync($"{i}", room: "lobby")));
        Assert.InRange(receipts.Count(receipt => receipt.IsTaken), 3, 8);
        Assert.All(receipts.Where(receipt => !receipt.IsTaken), receipt => Assert.Equal(ChatError.TooFast, receipt.Error));
    }

    [Fact]
    public async Task A_server_that_stops_says_so_at_once()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using var hears = new Ear(ann);
        await ann.SendAsync("hello", room: "lobby");
        await place.Server.StopAsync();
        await hears.HearAsync<ChatNotice>();
        Assert.Equal(ChatError.Stopping, ann.End);
        Assert.Equal(ChatError.Stopping, (await ann.SendAsync("too late", room: "lobby")).Error);
    }

    [Fact]
    public async Task Whom_the_hub_lets_go_learns_why()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient ann = await place.JoinAsync("ann", "lobby");
        await using var hears = new Ear(ann);
        await ann.SendAsync("hello", room: "lobby");
        Assert.True(place.Hub.TryFind("ann", out ChatParticipant? participant));
        place.Hub.Remove(participant);
        participant.Line.Close(ChatError.Blocked);
        Assert.Contains("operator", (await hears.HearAsync<ChatNotice>())!.Text, StringComparison.Ordinal);
        Assert.Null(await hears.HearAsync<ChatNotice>());
        Assert.Equal(ChatError.Blocked, ann.End);
    }

    [Fact]
    public async Task Requests_nobody_knows_are_answered_and_unknown_members_skipped()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        WirePeer peer = await WirePeer.JoinAsync(place.Address, "ann", "lobby");
        using var socket = peer.Call();
        await socket.SendAsync(peer.Say(0, """{"sing":"la","ref":1}"""));
        Assert.Contains("""{"ref":1,"error":"bad-request","text":""", await HearAsync(), StringComparison.Ordinal);
        await socket.SendAsync(peer.Say(1, """{"loud":{"as":["can","be"]},"say":"hi","room":"lobby","ref":2}"""));
        Assert.Contains("""{"ref":2,"id":1}""", await HearAsync(), StringComparison.Ordinal);

        async Task<string> HearAsync()
        {
            var buffer = new byte[2000];
            string text;
            do
            {
                int length = await socket.ReceiveAsync(buffer).WaitAsync(NativePlace.Patience);
                text = System.Text.Encoding.UTF8.GetString(peer.Open(buffer.AsSpan(0, length))!);
            }
            while (!text.Contains('{', StringComparison.Ordinal));
            return text;
        }
    }
}
