namespace Dialtone.Chat.Tests;

public sealed class TalkTests
{
    [Fact]
    public async Task What_is_said_in_a_room_comes_to_everybody_there_but_its_sender_once_and_in_order()
    {
        await using var meeting = new Meeting(new ChatHubOptions { Rooms = [new("lobby"), new("attic")] });
        var (ann, annLine) = await meeting.BringAsync("ann");
        var (_, bob) = await meeting.BringAsync("bob");
        var (_, carol) = await meeting.BringAsync("carol");
        var (_, elsewhere) = await meeting.BringAsync("dan", "attic");
        long last = 0;
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(ChatError.None, meeting.Hub.Say(ann, "LOBBY", null, $"line {i}", null, out long id));
            Assert.True(id > last);
            last = id;
        }

        string[] all = [.. Enumerable.Range(0, 10).Select(static i => $"line {i}")];
        Assert.Equal(all, bob.Texts);
        Assert.Equal(all, carol.Texts);
        Assert.Empty(annLine.Texts);
        Assert.Empty(elsewhere.Texts);
        ChatMessage one = bob.Events.OfType<ChatMessage>().First();
        Assert.Equal(("ann", "lobby", null, true, null), (one.From, one.Room, one.To, one.IsVerified, one.Address));
    }

    [Fact]
    public async Task The_number_is_told_before_anything_is_sent()
    {
        await using var meeting = new Meeting();
        var (ann, annLine) = await meeting.BringAsync("ann");
        var (_, bob) = await meeting.BringAsync("bob");
        long told = 0;
        meeting.Hub.Say(ann, "lobby", null, "hello", id => { told = id; Assert.Empty(bob.Texts); Assert.Empty(annLine.Marks); }, out long id);
        Assert.Equal(id, told);
        Assert.Equal(new ChatDelivery(id, "lobby", 1, 0, 1), Assert.Single(annLine.Marks));
    }

    [Fact]
    public async Task The_operator_hears_rooms_and_questions_with_addresses_and_not_what_two_others_tell_each_other()
    {
        await using var meeting = new Meeting();
        var (ann, _) = await meeting.BringAsync("ann", null);
        var (_, bob) = await meeting.BringAsync("bob", null);
        await meeting.Hub.EnterAsync(ann, "lobby", null);
        meeting.Hub.Say(ann, null, "Bob", "a secret", null, out _);
        meeting.Hub.Say(ann, "lobby", null, "for all", null, out _);
        meeting.Hub.Say(ann, null, null, "a question", null, out _);
        meeting.Hub.Say(ann, null, "OPERATOR", "another", null, out _);
        List<ChatEvent> heard = await meeting.HeardAsync(4);
        Assert.Equal(["for all", "a question", "another"], heard.OfType<ChatMessage>().Select(static message => message.Text));
        Assert.All(heard.OfType<ChatMessage>(), static message => Assert.Equal("10.0.0.1:4000", message.Address!.ToString()));
        Assert.Equal(["a secret"], bob.Texts);
        Assert.Equal(["a question", "another"], meeting.Hub.Desk.Unanswered.Select(static message => message.Text));
    }

    [Fact]
    public async Task The_operator_answers_one_message_at_a_time_and_only_its_sender_hears_it()
    {
        await using var meeting = new Meeting();
        var (ann, annLine) = await meeting.BringAsync("ann");
        var (_, bob) = await meeting.BringAsync("bob");
        meeting.Hub.Say(ann, null, null, "one?", null, out long one);
        meeting.Hub.Say(ann, null, null, "two?", null, out long two);
        Assert.Equal(ChatError.None, meeting.Hub.Desk.Answer(two, "two!"));
        Assert.Equal(ChatError.NothingToAnswer, meeting.Hub.Desk.Answer(two, "again"));
        Assert.Equal(ChatError.None, meeting.Hub.Desk.Say("ANN", "one!"));
        Assert.Empty(meeting.Hub.Desk.Unanswered);
        Assert.Equal(ChatError.None, meeting.Hub.Desk.Say("ann", "by the way"));
        Assert.Equal(["two!", "one!", "by the way"], annLine.Texts);
        Assert.Empty(bob.Texts);
        Assert.Equal(ChatError.NoSuchName, meeting.Hub.Desk.Say("nobody", "hello"));
        Assert.Equal(ChatError.NoSuchRoom, meeting.Hub.Desk.SayIn("nowhere", "hello"));
        Assert.Equal(ChatError.None, meeting.Hub.Desk.SayIn("lobby", "to all"));
        Assert.Equal(["to all"], bob.Texts);
        Assert.NotEqual(one, two);
    }

    [Fact]
    public async Task A_sender_hears_how_many_have_it_now_and_then_and_at_the_end_once()
    {
        await using var meeting = new Meeting();
        var (ann, annLine) = await meeting.BringAsync("ann");
        var (_, quick) = await meeting.BringAsync("quick");
        var slow = new RecordingLine { IsSlow = true };
        await meeting.BringAsync("slow", line: slow);
        var (_, gone) = await meeting.BringAsync("gone");
        slow.Decide(true); // presences
        gone.Works = false;
        meeting.Hub.Say(ann, "lobby", null, "hello", null, out long id);
        Assert.Empty(annLine.Marks);
        meeting.Time.Advance(TimeSpan.FromMilliseconds(250));
        meeting.Time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal([new ChatDelivery(id, "lobby", 1, 1, 3)], annLine.Marks);
        slow.Decide(true);
        meeting.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([new ChatDelivery(id, "lobby", 1, 1, 3), new ChatDelivery(id, "lobby", 2, 1, 3)], annLine.Marks);
        Assert.Equal(0, meeting.Time.ActiveTimers);
    }

    [Fact]
    public async Task Marks_come_for_direct_messages_and_for_rooms_with_nobody_else()
    {
        await using var meeting = new Meeting();
        var (ann, annLine) = await meeting.BringAsync("ann");
        meeting.Hub.Say(ann, "lobby", null, "echo?", null, out long alone);
        var (_, bob) = await meeting.BringAsync("bob");
        meeting.Hub.Say(ann, null, "bob", "psst", null, out long direct);
        bob.Works = false;
        Assert.Equal(ChatError.None, meeting.Hub.Say(ann, null, "bob", "still there?", null, out long lost));
        Assert.Equal([new(alone, "lobby", 0, 0, 0), new(direct, null, 1, 0, 1), new ChatDelivery(lost, null, 0, 1, 1)], annLine.Marks);
    }

    [Fact]
    public async Task Only_who_is_in_a_room_speaks_there_reads_there_and_sees_who_is_there()
    {
        await using var meeting = new Meeting();
        var (ann, _) = await meeting.BringAsync("ann");
        var (bob, _) = await meeting.BringAsync("bob", room: null);
        meeting.Hub.Say(ann, "lobby", null, "hello", null, out _);
        Assert.Equal(ChatError.NotInRoom, meeting.Hub.Say(bob, "lobby", null, "me too", null, out _));
        Assert.Equal(ChatError.NotInRoom, meeting.Hub.History(bob, "lobby", null, 10, out _, out _));
        Assert.Equal(ChatError.NotInRoom, meeting.Hub.Who(bob, "lobby", 10, out _, out _));
        Assert.Equal(ChatError.NoSuchRoom, meeting.Hub.Say(bob, "cellar", null, "hello", null, out _));
        Assert.Equal(ChatError.NoSuchName, meeting.Hub.Say(bob, null, "zoe", "hello", null, out _));
        Assert.Equal(ChatError.None, await meeting.Hub.EnterAsync(bob, "lobby", null));
        Assert.Equal(ChatError.None, meeting.Hub.Who(bob, "lobby", 1, out string[] names, out int count));
        Assert.Equal(["ann"], names);
        Assert.Equal(2, count);
    }

    [Fact]
    public async Task A_room_with_a_password_opens_to_it_alone()
    {
        ScramVerifier verifier = ScramVerifier.Create("sesame", ScramVerifier.MinIterations);
        await using var meeting = new Meeting(new ChatHubOptions { Rooms = [new ChatRoomOptions("den") { Password = verifier }] });
        var (ann, _) = await meeting.BringAsync("ann", room: null);
        Assert.Equal(ChatError.WrongPassword, await meeting.Hub.EnterAsync(ann, "den", null));
        Assert.Equal(ChatError.WrongPassword, await meeting.Hub.EnterAsync(ann, "den", "Sesame"));
        Assert.Equal(ChatError.NotInRoom, meeting.Hub.Say(ann, "den", null, "hello", null, out _));
        Assert.Equal(ChatError.None, await meeting.Hub.EnterAsync(ann, "den", "sesame"));
        Assert.Equal(ChatError.None, meeting.Hub.Say(ann, "den", null, "hello", null, out _));
    }

    [Fact]
    public async Task History_comes_in_pages_from_the_newest_back()
    {
        await using var meeting = new Meeting(new ChatHubOptions { Limits = new ChatLimits { HistoryMessages = 50, MessagesPerSecond = 1_000_000, Burst = 1000 } });
        var (ann, _) = await meeting.BringAsync("ann");
        for (int i = 0; i < 120; i++)
            meeting.Hub.Say(ann, "lobby", null, $"{i}", null, out _);
        var pages = new List<string>();
        long? before = null;
        bool more;
        do
        {
            Assert.Equal(ChatError.None, meeting.Hub.History(ann, "lobby", before, 20, out ChatOutgoing[] page, out more));
            ChatMessage[] messages = [.. page.Select(static each => (ChatMessage)each.Event)];
            pages.Insert(0, string.Join(' ', messages.Select(static message => message.Text)));
            before = messages[0].Id;
        }
        while (more);
        Assert.Equal(string.Join(' ', Enumerable.Range(70, 50)), string.Join(' ', pages));
        Assert.Equal(3, pages.Count);
    }

    [Fact]
    public async Task Comings_and_goings_are_told_in_small_rooms_only()
    {
        await using var meeting = new Meeting(new ChatHubOptions { Limits = new ChatLimits { MaxPresenceMembers = 3 } });
        var (_, ann) = await meeting.BringAsync("ann");
        var (bob, _) = await meeting.BringAsync("bob");
        Assert.Equal(ChatError.None, meeting.Hub.Rename(bob, "Robert"));
        meeting.Hub.Leave(bob, "lobby");
        DateTimeOffset now = meeting.Time.GetUtcNow();
        ChatPresence[] expected = [new("lobby", "bob", true, now), new("lobby", "bob", false, now), new("lobby", "Robert", true, now), new("lobby", "Robert", false, now)];
        Assert.Equal(expected, ann.Events);
        for (int i = 0; i < 5; i++)
            await meeting.BringAsync($"more{i}");
        Assert.Equal(["more0", "more1"], ann.Events.OfType<ChatPresence>().Skip(4).Select(static each => each.Name));
    }

    [Fact]
    public async Task A_message_to_five_hundred_members_costs_one_encoding_and_nothing_each()
    {
        await using var meeting = new Meeting(new ChatHubOptions { Limits = new ChatLimits { MessagesPerSecond = 1_000_000, Burst = 1_000_000 } });
        var (ann, _) = await meeting.BringAsync("ann");
        var sink = new CountingLine();
        for (int i = 0; i < 500; i++)
        {
            Assert.Equal(ChatError.None, meeting.Hub.TryJoin($"member{i}", null, sink, out ChatParticipant? who));
            await meeting.Hub.EnterAsync(who!, "lobby", null);
        }

        for (int i = 0; i < 3000; i++) // past the history's growth
            meeting.Hub.Say(ann, "lobby", null, "hello", null, out _);
        sink.Encodings.Clear();
        sink.Count = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            meeting.Hub.Say(ann, "lobby", null, "hello", null, out _);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(50_000, sink.Count);
        Assert.Equal(100, sink.Encodings.Count);
        Assert.InRange(allocated / 50_000.0, 0, 8);
    }

    private sealed class CountingLine : IChatLine
    {
        public int Count { get; set; }

        public HashSet<ReadOnlyMemory<byte>> Encodings { get; } = new(1000);

        public ChatTongue Tongue => ChatTongue.Native;

        public System.Net.EndPoint? Address => null;

        public bool IsVerified => true;

        public bool TrySend(ChatOutgoing outgoing)
        {
            Count++;
            Encodings.Add(outgoing.Json);
            outgoing.Tell(isDelivered: true);
            return true;
        }

        public void Close(ChatError why)
        {
        }
    }
}
