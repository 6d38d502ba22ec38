using System.Security.Cryptography;

namespace Dialtone.Chat.Tests.Native;

public sealed class JoinTests
{
    private static readonly ScramVerifier Password = ScramVerifier.Create("open sesame", ScramVerifier.MinIterations);

    private static ScramAccounts Accounts => new(name => name == "ann" ? Password : null, RandomNumberGenerator.GetBytes(32), ScramVerifier.MinIterations);

    private static ChatHubOptions Vault => new() { Rooms = [new ChatRoomOptions("lobby"), new ChatRoomOptions("vault") { Password = Password }] };

    [Fact]
    public async Task A_client_learns_its_name_as_the_server_writes_it_and_its_rooms()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient client = await place.JoinAsync("Rosé", "LOBBY");
        Assert.Equal("Rosé", client.Name);
        Assert.Equal(["lobby"], client.Rooms);
        Assert.Equal(4096, client.MaxTextBytes);
        Assert.Equal(1, place.Hub.Count);
    }

    [Fact]
    public async Task A_name_that_is_taken_or_none_is_refused_with_the_reason()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        await using ChatClient first = await place.JoinAsync("ann");
        Assert.Equal(ChatError.NameTaken, (await Assert.ThrowsAsync<ChatException>(() => place.JoinAsync("ANN"))).Reason);
        Assert.Equal(ChatError.BadName, (await Assert.ThrowsAsync<ChatException>(() => place.JoinAsync("a\u001bb"))).Reason);
        Assert.Equal(ChatError.BadName, (await Assert.ThrowsAsync<ChatException>(() => place.JoinAsync("operator"))).Reason);
        Assert.Equal(ChatError.NoSuchRoom, (await Assert.ThrowsAsync<ChatException>(() => place.JoinAsync("bob", "cellar"))).Reason);
        await NativePlace.UntilAsync(() => place.Hub.Count == 1); // whoever failed at a room has left
    }

    [Fact]
    public async Task A_room_opens_to_its_password_and_a_wrong_one_costs_a_penalty()
    {
        await using NativePlace place = await NativePlace.StartAsync(Vault);
        await using (ChatClient right = await ChatClient.JoinAsync(place.Address, NativePlace.Options("ann", new ChatRoomEntry("vault", "open sesame"))))
            Assert.Equal(["vault"], right.Rooms);
        Assert.Equal(0, place.Server.Penalties.Count);
        var wrong = await Assert.ThrowsAsync<ChatException>(() => ChatClient.JoinAsync(place.Address, NativePlace.Options("bob", new ChatRoomEntry("vault", "open cheddar"))));
        Assert.Equal(ChatError.WrongPassword, wrong.Reason);
        Assert.Contains("vault", wrong.Message, StringComparison.Ordinal);
        await NativePlace.UntilAsync(() => place.Server.Penalties.Count == 1);
    }

    [Fact]
    public async Task Guessing_a_rooms_password_from_inside_costs_the_same()
    {
        await using NativePlace place = await NativePlace.StartAsync(Vault);
        await using ChatClient client = await place.JoinAsync("ann", "lobby");
        Assert.Equal(ChatError.WrongPassword, await client.EnterAsync("vault"));
        Assert.Equal(0, place.Server.Penalties.Count); // that was a question, not a guess
        Assert.Equal(ChatError.WrongPassword, await client.EnterAsync("vault", "guess"));
        Assert.Equal(1, place.Server.Penalties.Count);
        place.Server.Penalties.Forgive(System.Net.IPAddress.Loopback);
        Assert.Equal(ChatError.None, await client.EnterAsync("vault", "open sesame"));
    }

    [Fact]
    public async Task Where_there_are_accounts_the_account_is_proven_and_the_name_is_its_own()
    {
        await using NativePlace place = await NativePlace.StartAsync(options: new ChatServerOptions { Accounts = Accounts });
        ChatClientOptions options = NativePlace.Options(null) with { User = "ann", Password = "open sesame" };
        await using ChatClient client = await ChatClient.JoinAsync(place.Address, options);
        Assert.Equal("ann", client.Name);
        Assert.Equal("ann", place.Hub.Desk.Here.Single().Account);
    }

    [Fact]
    public async Task Whoever_has_no_login_is_told_that_one_is_needed_and_a_wrong_one_costs_a_penalty()
    {
        await using NativePlace place = await NativePlace.StartAsync(
            options: new ChatServerOptions { Accounts = Accounts }, penalties: new PenaltyOptions { NoAuthentication = TimeSpan.Zero });
        Assert.Equal(ChatError.LoginRequired, (await Assert.ThrowsAsync<ChatException>(() => place.JoinAsync("bob"))).Reason);
        Assert.Equal(0, place.Server.Penalties.Count);
        ChatClientOptions wrong = NativePlace.Options("ann") with { User = "ann", Password = "guess" };
        Assert.Equal(TrustError.Refused, (await Assert.ThrowsAsync<TrustException>(() => ChatClient.JoinAsync(place.Address, wrong))).Reason);
        await NativePlace.UntilAsync(() => place.Server.Penalties.Count == 1);
        Assert.Equal(0, place.Hub.Count);
    }

    [Fact]
    public async Task A_login_where_there_are_no_accounts_is_told_so()
    {
        await using NativePlace place = await NativePlace.StartAsync();
        ChatClientOptions options = NativePlace.Options("ann") with { User = "ann", Password = "open sesame" };
        var refusal = await Assert.ThrowsAsync<ChatException>(() => ChatClient.JoinAsync(place.Address, options));
        Assert.Contains("no accounts", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("{}")]
    [InlineData("""{"chat":2,"name":"ann"}""")]
    [InlineData("""{"chat":1,"name":"ann","rooms":"lobby"}""")]
    [InlineData("""{"chat":1,"name":"ann"} {}""")]
    public async Task What_is_no_join_is_answered_with_an_error(string line)
    {
        await using NativePlace place = await NativePlace.StartAsync();
        Assert.StartsWith("""{"error":"bad-request","text":""", Assert.Single(await WirePeer.AskAsync(place.Address, line)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_beyond_four_kilobytes_and_a_caller_beyond_its_time_are_cut_off()
    {
        await using NativePlace place = await NativePlace.StartAsync(options: new ChatServerOptions { JoinTime = TimeSpan.FromMilliseconds(300) });
        Assert.Empty(await Record(() => WirePeer.AskAsync(place.Address, $$"""{"chat":1,"name":"{{new string('a', 5000)}}"}""")));
        Assert.Empty(await Record(() => WirePeer.AskAsync(place.Address)));
        await NativePlace.UntilAsync(() => place.Server.Penalties.Count == 1);

        static async Task<string[]> Record(Func<Task<string[]>> ask)
        {
            try
            {
                return await ask();
            }
            catch (IOException)
            {
                return []; // a reset is an end too
            }
        }
    }

    [Fact]
    public async Task Whoever_joins_and_never_speaks_leaves_again()
    {
        var time = new FakeTimeProvider();
        await using NativePlace place = await NativePlace.StartAsync(new ChatHubOptions { Time = time });
        await WirePeer.JoinAsync(place.Address, "ann", "lobby");
        Assert.Equal(1, place.Hub.Count);
        time.Advance(TimeSpan.FromSeconds(40));
        await NativePlace.UntilAsync(() => place.Hub.Count == 0);
    }

    [Fact]
    public async Task As_many_join_as_may()
    {
        await using NativePlace place = await NativePlace.StartAsync(new ChatHubOptions { Limits = new ChatLimits { MaxParticipants = 2 } });
        await using ChatClient first = await place.JoinAsync("first");
        await using ChatClient second = await place.JoinAsync("second");
        Assert.Equal(ChatError.Full, (await Assert.ThrowsAsync<ChatException>(() => place.JoinAsync("third"))).Reason);
        await first.DisposeAsync();
        await NativePlace.UntilAsync(() => place.Hub.Count == 1);
        await using ChatClient fourth = await place.JoinAsync("fourth");
    }
}
