using System.Text;
using System.Text.Json;

namespace Dialtone.Commands.Tests;

public sealed class ServiceTests
{
    private static readonly CommandCaller Caller = new("127.0.0.1:5", "alice");

    [Fact] // H16
    public async Task A_run_is_recorded_before_it_starts_and_when_it_has_ended()
    {
        using var log = new MemoryStream();
        CommandService service = Service(log);
        string[] words = ["sh", "-c", "exit 3", "\u001b[31m\u0085\u202e", "a\nb"];
        ServedCommand served = await service.StartAsync(new CommandRequest(words), Caller);
        JsonElement start = Assert.Single(Lines(log));
        Assert.Equal(("start", served.RunId, "any-command", "alice"), (Text(start, "event"), Text(start, "run"), Text(start, "rule"), Text(start, "user")));
        Assert.Equal(words[1..], start.GetProperty("arguments").EnumerateArray().Select(word => word.GetString()));
        await EndAsync(served);
        JsonElement end = Lines(log)[1];
        Assert.Equal(("end", served.RunId, "finished", 3), (Text(end, "event"), Text(end, "run"), Text(end, "reason"), end.GetProperty("status").GetInt32()));
        Assert.DoesNotContain(log.ToArray(), letter => letter is (< 0x20 or > 0x7E) and not (byte)'\n');
    }

    [Fact] // H16
    public async Task A_very_long_command_is_recorded_in_part_with_a_digest_of_the_whole()
    {
        using var log = new MemoryStream();
        ServedCommand served = await Service(log).StartAsync(new CommandRequest("sh", "-c", "true", new string('x', 100_000)), Caller);
        JsonElement start = Lines(log)[0];
        Assert.Equal((3, 64), (start.GetProperty("argumentCount").GetInt32(), Text(start, "argumentsSha256")!.Length));
        Assert.True(log.Length < 10_000);
        await EndAsync(served);
    }

    [Fact]
    public async Task What_cannot_be_recorded_is_not_run()
    {
        using var folder = new Cli.Tests.Folder();
        var log = new MemoryStream();
        CommandService service = Service(log);
        await log.DisposeAsync();
        var error = await Assert.ThrowsAsync<CommandException>(() => service.StartAsync(new CommandRequest("touch", folder["ran"]), Caller));
        Assert.Equal(CommandError.NotAudited, error.Reason);
        Assert.False(File.Exists(folder["ran"]));
    }

    [Fact]
    public async Task Refusals_and_failures_are_recorded()
    {
        using var log = new MemoryStream();
        await Assert.ThrowsAsync<CommandException>(() => Service(log, new CommandServiceOptions()).StartAsync(new CommandRequest("id"), Caller));
        await Assert.ThrowsAsync<CommandException>(() => Service(log).StartAsync(new CommandRequest("/no/such/program"), Caller));
        JsonElement[] lines = Lines(log);
        Assert.Equal(["refused", "start", "end"], lines.Select(line => Text(line, "event")));
        Assert.Equal(("not-allowed", "not-found"), (Text(lines[0], "code"), Text(lines[2], "code")));
    }

    [Fact] // H15
    public async Task More_commands_than_places_wait_and_more_than_may_wait_are_refused()
    {
        CommandService service = Service(Stream.Null, Options with { MaxRunning = 2, MaxWaiting = 1 });
        ServedCommand[] running = [await service.StartAsync(new CommandRequest("cat"), Caller), await service.StartAsync(new CommandRequest("cat"), Caller)];
        Task<ServedCommand> waiting = service.StartAsync(new CommandRequest("cat"), Caller);
        var refused = await Assert.ThrowsAsync<CommandException>(() => service.StartAsync(new CommandRequest("cat"), Caller));
        Assert.Equal(CommandError.Busy, refused.Reason);
        Assert.False(waiting.IsCompleted);
        await EndAsync(running[0]);
        await EndAsync(await waiting.WaitAsync(Shell.Patience));
        await EndAsync(running[1]);
    }

    [Fact]
    public async Task A_caller_that_gives_up_waiting_leaves_no_place_behind()
    {
        CommandService service = Service(Stream.Null, Options with { MaxRunning = 1, MaxWaiting = 1 });
        ServedCommand running = await service.StartAsync(new CommandRequest("cat"), Caller);
        using var gone = new CancellationTokenSource();
        Task<ServedCommand> waiting = service.StartAsync(new CommandRequest("cat"), Caller, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await EndAsync(running);
        await EndAsync(await service.StartAsync(new CommandRequest("cat"), Caller).WaitAsync(Shell.Patience));
    }

    [Fact]
    public async Task A_command_knows_its_run_and_its_caller()
    {
        ServedCommand served = await Service(Stream.Null).StartAsync(new CommandRequest { Line = "echo $DIALTONE_RUN $DIALTONE_USER $DIALTONE_FROM" }, Caller);
        Assert.Equal($"{served.RunId} alice 127.0.0.1:5\n", Encoding.UTF8.GetString(await Shell.ReadAsync(served.Command.Output)));
        await EndAsync(served);
    }

    [Fact]
    public async Task Nobody_says_of_itself_who_it_is()
    {
        var asked = new CommandRequest { Line = "echo ${DIALTONE_USER-none} ${DIALTONE_FROM-none}", Environment = new Dictionary<string, string> { ["DIALTONE_USER"] = "root", ["DIALTONE_FROM"] = "here" } };
        ServedCommand served = await Service(Stream.Null).StartAsync(asked, new CommandCaller(null, null));
        Assert.Equal("none none\n", Encoding.UTF8.GetString(await Shell.ReadAsync(served.Command.Output)));
        await EndAsync(served);
    }

    private static CommandServiceOptions Options => new() { Policy = CommandPolicy.AnyCommandWhichIsDangerous };

    private static CommandService Service(Stream log, CommandServiceOptions? options = null) => new((options ?? Options) with { Audit = new CommandAudit(log) });

    private static async Task EndAsync(ServedCommand served)
    {
        await served.Command.Input.DisposeAsync();
        await Task.WhenAll(Shell.ReadAsync(served.Command.Output), Shell.ReadAsync(served.Command.Error));
        await served.Ended.WaitAsync(Shell.Patience);
    }

    private static JsonElement[] Lines(MemoryStream log) =>
        [.. Encoding.UTF8.GetString(log.ToArray()).Split('\n')[..^1].Select(line => JsonDocument.Parse(line).RootElement)];

    private static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
}
