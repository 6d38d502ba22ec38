using System.Globalization;
using System.Text;

namespace Dialtone.Commands;

/// <summary>A reply by the tutorials' rule: all of standard error if there is any, otherwise all of standard output. Where it is not whole, its last line says so.</summary>
internal sealed class TutorialReply : IDisposable
{
    private readonly Spool _output;
    private readonly Spool _error;

    private TutorialReply(Spool output, Spool error) => (_output, _error) = (output, error);

    /// <summary>What to send.</summary>
    public Spool Content => _error.Length > 0 ? _error : _output;

    /// <summary>Runs a line and keeps what it wrote; a refusal is a reply too.</summary>
    /// <param name="service">Runs it.</param>
    /// <param name="line">The command line.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="encoding">What the reply is turned into; null for UTF-8.</param>
    /// <param name="stopped">Fires when nobody waits any more; then the reply is what there is.</param>
    /// <param name="reason">Why it fired.</param>
    /// <param name="limits">Bounds of the tongue.</param>
    public static async Task<TutorialReply> MakeAsync(
        CommandService service, string line, CommandCaller caller, Encoding? encoding, CommandLimits limits, Func<CommandEnd> reason, CancellationToken stopped)
    {
        var reply = new TutorialReply(new Spool(encoding), new Spool(encoding));
        try
        {
            await reply.RunAsync(service, new CommandRequest { Line = line, OutputLimit = limits.OutputBytes, TimeLimit = limits.Time }, caller, reason, stopped).ConfigureAwait(false);
            return reply;
        }
        catch (CommandException e)
        {
            reply._error.Append($"dialtone: {e.Message}\n");
            return reply;
        }
        catch
        {
            reply.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private async Task RunAsync(CommandService service, CommandRequest request, CommandCaller caller, Func<CommandEnd> reason, CancellationToken stopped)
    {
        ServedCommand served = await service.StartAsync(request, caller, stopped).ConfigureAwait(false);
        RunningCommand command = served.Command;
        await using (command.ConfigureAwait(false))
        {
            CancellationTokenRegistration registration = stopped.Register(() => command.Stop(reason()));
            await using (registration.ConfigureAwait(false))
            {
                await command.Input.DisposeAsync().ConfigureAwait(false);
                await Task.WhenAll(_output.FillAsync(command.Output), _error.FillAsync(command.Error)).ConfigureAwait(false);
                if (Shortfall(await served.Ended.ConfigureAwait(false)) is { } note)
                    Content.Append(note);
            }
        }
    }

    private static string? Shortfall(CommandReport report) => report.Reason switch
    {
        CommandEnd.Finished => report.LeftProcessesBehind ? "\n[dialtone: the command left processes behind; nothing more of them is shown]\n" : null,
        CommandEnd.OutputLimit => Note(report.Output.Bytes + report.Error.Bytes),
        _ => $"\n[dialtone: the command was ended ({ErrorCodes.Of(report.Reason)})]\n",
    };

    /// <summary>The last line of a reply that is not whole.</summary>
    public static string Note(long bytes) => string.Create(CultureInfo.InvariantCulture, $"\n[dialtone: the output was cut after {bytes} bytes]\n");
}
