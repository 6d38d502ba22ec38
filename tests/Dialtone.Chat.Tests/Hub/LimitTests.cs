namespace Dialtone.Chat.Tests;

public sealed class LimitTests
{
    [Fact]
    public async Task A_sender_has_a_burst_and_then_a_rate()
    {
        await using var meeting = new Meeting();
        var (ann, _) = await meeting.BringAsync("ann", room: null);
        var (bob, _) = await meeting.BringAsync("bob", room: null);
        meeting.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(20, Enumerable.Range(0, 50).Count(_ => Say(ann) == ChatError.None));
        Assert.Equal(ChatError.TooFast, Say(ann));
        Assert.Equal(ChatError.None, meeting.Hub.Say(bob, null, "ann", "one's flood is not the other's", null, out _));
        meeting.Time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(ChatError.TooFast, Say(ann));
        meeting.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(ChatError.None, Say(ann));
        Assert.Equal(ChatError.TooFast, Say(ann));
        meeting.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Enumerable.Range(0, 50).Count(_ => Say(ann) == ChatError.None));

        ChatError Say(ChatParticipant who) => meeting.Hub.Say(who, null, "bob", "x", null, out _);
    }

    [Fact]
    public async Task A_text_is_measured_in_bytes()
    {
        await using var meeting = new Meeting();
        var (ann, _) = await meeting.BringAsync("ann");
        Assert.Equal(ChatError.None, meeting.Hub.Say(ann, "lobby", null, new string('x', 4096), null, out _));
        Assert.Equal(ChatError.TooLong, meeting.Hub.Say(ann, "lobby", null, new string('x', 4097), null, out _));
        Assert.Equal(ChatError.None, meeting.Hub.Say(ann, "lobby", null, new string('中', 1365), null, out _));
        Assert.Equal(ChatError.TooLong, meeting.Hub.Say(ann, "lobby", null, new string('中', 1366), null, out _));
        Assert.Equal(ChatError.TooLong, meeting.Hub.Desk.SayIn("lobby", new string('x', 4097)));
    }

    [Fact]
    public async Task Unanswered_messages_are_bounded_per_sender_and_in_all()
    {
        await using var meeting = new Meeting(new ChatHubOptions { Limits = new ChatLimits { MaxUnanswered = 3, MaxUnansweredInAll = 5 } });
        var (ann, _) = await meeting.BringAsync("ann");
        var (bob, _) = await meeting.BringAsync("bob");
        Assert.Equal([ChatError.None, ChatError.None, ChatError.None, ChatError.TooManyUnanswered], Enumerable.Range(0, 4).Select(_ => Ask(ann)));
        Assert.Equal([ChatError.None, ChatError.None, ChatError.TooManyUnanswered], Enumerable.Range(0, 3).Select(_ => Ask(bob)));
        Assert.Equal(ChatError.None, meeting.Hub.Desk.Say("ann", "yes"));
        Assert.Equal(ChatError.None, Ask(bob));
        Assert.Equal(ChatError.None, meeting.Hub.Desk.Dismiss(meeting.Hub.Desk.Unanswered[0].Id));
        Assert.Equal(ChatError.None, Ask(ann));
        Assert.Equal(5, meeting.Hub.Desk.Unanswered.Count);

        ChatError Ask(ChatParticipant who) => meeting.Hub.Say(who, null, null, "?", null, out _);
    }

    [Fact]
    public async Task A_place_has_room_for_so_many_and_each_for_so_many_rooms()
    {
        await using var meeting = new Meeting(new ChatHubOptions
        {
            Rooms = [new("a"), new("b"), new("c")],
            Limits = new ChatLimits { MaxParticipants = 2, MaxRooms = 2 },
        });
        var (ann, _) = await meeting.BringAsync("ann", "a");
        await meeting.BringAsync("bob", "a");
        Assert.Equal(ChatError.Full, meeting.Hub.TryJoin("carol", null, new RecordingLine(), out _));
        Assert.Equal(ChatError.None, await meeting.Hub.EnterAsync(ann, "b", null));
        Assert.Equal(ChatError.None, await meeting.Hub.EnterAsync(ann, "b", null));
        Assert.Equal(ChatError.Full, await meeting.Hub.EnterAsync(ann, "c", null));
        meeting.Hub.Remove(ann);
        meeting.Hub.Remove(ann);
        Assert.Equal(ChatError.None, meeting.Hub.TryJoin("carol", null, new RecordingLine(), out _));
        Assert.Equal([("a", 1), ("b", 0), ("c", 0)], meeting.Hub.Desk.Rooms.Select(static room => (room.Name, room.Members)));
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("Ünal")]
    [InlineData("李雷")]
    [InlineData("a-b_c.d~1!")]
    [InlineData("😀")]
    [InlineData("12345678901234567890123456789012")]
    public void Names_that_can_be_had(string name) => Assert.Equal(name, ChatNames.Normalize(name));

    [Theory]
    [InlineData("")]
    [InlineData(" ann")]
    [InlineData("a b")]
    [InlineData("a\tb")]
    [InlineData("a\nb")]
    [InlineData("a\u001b[2Jb")]
    [InlineData("a\u202Eb")]     // right-to-left override
    [InlineData("a\u200Bb")]     // zero width space
    [InlineData("a\uFEFFb")]
    [InlineData("a\u0300")]      // à in a second spelling, where it cannot be composed
    [InlineData("operator")]
    [InlineData("Operator")]
    [InlineData("10.0.0.7")]
    [InlineData("10.0.0.7:5000")]
    [InlineData("a/b")]
    [InlineData("@ann")]
    [InlineData("123456789012345678901234567890123")]
    public void Names_that_cannot(string name)
    {
        string? normal = ChatNames.Normalize(name);
        Assert.True(normal is null || (name == "a\u0300" && normal == "à"), $"It became {normal}.");
    }

    [Fact]
    public void Half_a_character_is_no_name() => Assert.Null(ChatNames.Normalize("a\ud83d"));

    [Fact]
    public async Task One_name_is_one_persons_whatever_its_case()
    {
        await using var meeting = new Meeting();
        var (ann, _) = await meeting.BringAsync("Ann");
        await meeting.BringAsync("bob");
        Assert.Equal(ChatError.NameTaken, meeting.Hub.TryJoin("aNN", null, new RecordingLine(), out _));
        Assert.Equal(ChatError.NameTaken, meeting.Hub.Rename(ann, "BOB"));
        Assert.Equal(ChatError.BadName, meeting.Hub.Rename(ann, "operator"));
        Assert.Equal(ChatError.None, meeting.Hub.Rename(ann, "ANN"));
        Assert.Equal(ChatError.None, meeting.Hub.Rename(ann, "anna"));
        Assert.Equal(ChatError.None, meeting.Hub.TryJoin("ann", null, new RecordingLine(), out _));
    }

    [Fact]
    public async Task An_accounts_name_is_for_whoever_has_logged_in_as_it()
    {
        await using var meeting = new Meeting(new ChatHubOptions { IsAccount = static name => name == "ann" });
        Assert.Equal(ChatError.NameTaken, meeting.Hub.TryJoin("ann", null, new RecordingLine(), out _));
        Assert.Equal(ChatError.NameTaken, meeting.Hub.TryJoin("ann", "bob", new RecordingLine(), out _));
        var first = new RecordingLine();
        Assert.Equal(ChatError.None, meeting.Hub.TryJoin("ann", "ann", first, out _));
        Assert.Equal(ChatError.NameTaken, meeting.Hub.TryJoin("Ann", "bob", new RecordingLine(), out _));
        Assert.Equal(ChatError.None, first.Closed);
        Assert.Equal(ChatError.None, meeting.Hub.TryJoin("Ann", "ann", new RecordingLine(), out _));
        Assert.Equal((ChatError.NameTaken, "Ann"), (first.Closed, Assert.Single(meeting.Hub.Desk.Here).Name));
    }

    [Fact]
    public async Task Who_is_muted_is_heard_by_nobody_and_who_is_blocked_goes_and_stays_out()
    {
        await using var meeting = new Meeting();
        var (ann, annLine) = await meeting.BringAsync("ann");
        var (_, bob) = await meeting.BringAsync("bob");
        meeting.Hub.Desk.Mute("ANN");
        Assert.Equal(ChatError.Muted, meeting.Hub.Say(ann, "lobby", null, "hello", null, out _));
        Assert.Equal(ChatError.Muted, meeting.Hub.Say(ann, null, "bob", "hello", null, out _));
        Assert.Equal(ChatError.Muted, meeting.Hub.Say(ann, null, null, "hello", null, out _));
        Assert.True(meeting.Hub.Desk.Here.Single(static each => each.Name == "ann").IsMuted);
        Assert.Equal(ChatError.None, meeting.Hub.Rename(ann, "anna"));
        meeting.Hub.Desk.Mute("somebody else");
        Assert.Equal(ChatError.Muted, meeting.Hub.Say(ann, "lobby", null, "under another name", null, out _));
        meeting.Hub.Desk.Unmute("anna");
        Assert.Equal(ChatError.None, meeting.Hub.Say(ann, "lobby", null, "here again", null, out _));
        Assert.Equal(["here again"], bob.Texts);

        meeting.Hub.Say(ann, null, null, "?", null, out _);
        meeting.Hub.Desk.Block("10.0.0.1");
        Assert.Equal((ChatError.Blocked, ChatError.Blocked), (annLine.Closed, bob.Closed));
        Assert.Empty(meeting.Hub.Desk.Here);
        Assert.Empty(meeting.Hub.Desk.Unanswered);
        Assert.Equal(ChatError.Blocked, meeting.Hub.TryJoin("ann", null, new RecordingLine(), out _));
        Assert.Equal(ChatError.None, meeting.Hub.TryJoin("ann", null, new RecordingLine(address: "10.0.0.2:1"), out _));
        meeting.Hub.Desk.Unblock("10.0.0.1");
        Assert.Equal(ChatError.None, meeting.Hub.TryJoin("bob", null, new RecordingLine(), out _));
    }

    [Fact]
    public async Task An_operator_who_reads_too_slowly_is_told_what_was_left_out()
    {
        await using var meeting = new Meeting(new ChatHubOptions { Limits = new ChatLimits { MaxWaitingEvents = 4 } });
        var (ann, _) = await meeting.BringAsync("ann");
        for (int i = 0; i < 10; i++)
            meeting.Hub.Say(ann, "lobby", null, $"{i}", null, out _);
        List<ChatEvent> heard = await meeting.HeardAsync(5);
        Assert.Equal("7 events were left out: they came faster than they were read.", Assert.IsType<ChatNotice>(heard[0]).Text);
        Assert.Equal(["6", "7", "8", "9"], heard.OfType<ChatMessage>().Select(static message => message.Text));
    }
}
