using System.Runtime.InteropServices;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>One command with this process's standard input, output and error, and the signals it gets.</summary>
internal static class ExecSession
{
    private const int CopyBytes = 64 * 1024;
    private const int PipeClosed = 128 + 13; // as if SIGPIPE had ended us

    /// <param name="starting">The command.</param>
    /// <param name="input">What it reads; null for nothing.</param>
    /// <param name="target">Where it runs, to tell how one comes back to it.</param>
    /// <param name="isTerminal">Whether it has a terminal, and ours is to be its.</param>
    public static async Task<ExitCode> RunAsync(Task<RemoteCommand> starting, Stream? input, ExecTarget target, bool isTerminal = false)
    {
        await using RemoteCommand command = await starting;
        if (command.IsKept)
        {
            string run = Printable.Of(command.RunId);
            Terminal.Error.WriteLine($"dialtone: run {run}; to come back to it: dialtone exec --attach {run} {target}");
        }

        using TerminalScreen.RawInput? keys = isTerminal && Terminal.InputIsInteractive ? TerminalScreen.OpenRaw() : null;
        keys?.Begin(); // every key is the command's now
        if (isTerminal)
            await command.ResizeAsync(TerminalWindow.Size); // one that was come back to has another's size
        try
        {
            return await RunAsync(command, input, isTerminal);
        }
        finally
        {
            keys?.End();
        }
    }

    private static async Task<ExitCode> RunAsync(RemoteCommand command, Stream? input, bool isTerminal)
    {
        using PosixSignalRegistration? resized = isTerminal && !OperatingSystem.IsWindows()
            ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, signal => { signal.Cancel = true; command.ResizeAsync(TerminalWindow.Size); })
            : null;
        using var signals = new StopSignals();
        using var over = new CancellationTokenSource();
        Task feeding = FeedAsync(command, input, over.Token);
        Task<bool> showing = ShowAsync(command);
        Task<bool> passing = PassSignalsAsync(command, signals, over.Token);
        Task<CommandReport> ending = EndAsync(command, showing);
        if (await Task.WhenAny(ending, passing) == passing && await passing)
        {
            Terminal.Error.WriteLine($"dialtone: it goes on as run {command.RunId}.");
            return ExitCode.Interrupted;
        }

        CommandReport report = await ending;
        bool isShown = await showing;
        await over.CancelAsync();
        await passing;
        if (input is null or FileStream { CanSeek: true })
            await feeding; // what reads from a terminal is left alone: nobody can make it stop
        ExecCommand.Tell(report);
        return isShown ? (ExitCode)report.ShellStatus : (ExitCode)PipeClosed;
    }

    private static async Task<CommandReport> EndAsync(RemoteCommand command, Task<bool> showing)
    {
        await showing;
        return await command.Ended;
    }

    /// <summary>Shows both streams; when nobody takes ours any more, the command is ended.</summary>
    private static async Task<bool> ShowAsync(RemoteCommand command)
    {
        Task<bool> output = TillGoneAsync(command, command.Output, command.PassOutputAsync(OpenOutput()));
        Task<bool> error = TillGoneAsync(command, command.Error, command.Error.CopyToAsync(Terminal.OpenContentError()));
        return await output & await error;
    }

    private static Stream OpenOutput() =>
        OperatingSystem.IsWindows() ? Terminal.OpenContentOutput() : new NonBlockingOutput(1, Terminal.OpenContentOutput());

    private static async Task<bool> TillGoneAsync(RemoteCommand command, Stream from, Task passing)
    {
        try
        {
            await passing;
            return true;
        }
        catch (IOException e) when (e is not TransportException)
        {
            await command.CancelAsync();
            await from.DisposeAsync();
            return false;
        }
    }

    private static async Task FeedAsync(RemoteCommand command, Stream? input, CancellationToken over)
    {
        try
        {
            if (input is not null)
                await input.CopyToAsync(command.Input, CopyBytes, over);
            await command.FinishInputAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or TransportException)
        {
            // The command ended first.
        }
    }

    /// <summary>The first Ctrl-C or SIGTERM is the command's, to make of it what it likes; the second ends it, or leaves it, if it is kept.</summary>
    /// <returns>Whether we leave.</returns>
    private static async Task<bool> PassSignalsAsync(RemoteCommand command, StopSignals signals, CancellationToken over)
    {
        try
        {
            PosixSignal signal = await signals.First.WaitAsync(over);
            await command.SignalAsync(signal == PosixSignal.SIGTERM ? "TERM" : "INT");
            await signals.Second.WaitAsync(over);
            if (command.IsKept)
                return true;
            await command.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }

        return false;
    }
}
