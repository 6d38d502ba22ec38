using System.Runtime.InteropServices;
using Dialtone.Commands;

namespace Dialtone.Cli;

/// <summary>One command with this process's standard input, output and error, and the signals it gets.</summary>
internal static class ExecSession
{
    private const int CopyBytes = 64 * 1024;
    private const int PipeClosed = 128 + 13; // as if SIGPIPE had ended us

    public static async Task<ExitCode> RunAsync(CommandClient client, CommandRequest request, Stream? input)
    {
        await using RemoteCommand command = await client.StartAsync(request);
        using var raw = request.Terminal is not null && Terminal.InputIsInteractive ? TerminalScreen.OpenRaw() : null;
        using PosixSignalRegistration? resized = request.Terminal is not null && !OperatingSystem.IsWindows()
            ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, signal => { signal.Cancel = true; command.ResizeAsync(TerminalWindow.Size); })
            : null;
        using var signals = new StopSignals();
        using var over = new CancellationTokenSource();
        Task feeding = FeedAsync(command, input, over.Token);
        Task<bool> showing = ShowAsync(command);
        Task passing = PassSignalsAsync(command, signals, over.Token);
        bool isShown = await showing;
        CommandReport report = await command.Ended;
        await over.CancelAsync();
        await passing;
        if (input is null or FileStream { CanSeek: true })
            await feeding; // what reads from a terminal is left alone: nobody can make it stop
        ExecCommand.Tell(report);
        return isShown ? (ExitCode)report.ShellStatus : (ExitCode)PipeClosed;
    }

    /// <summary>Shows both streams; when nobody takes ours any more, the command is ended.</summary>
    private static async Task<bool> ShowAsync(RemoteCommand command)
    {
        Task<bool> output = CopyAsync(command, command.Output, OutputDescriptor.Output);
        Task<bool> error = CopyAsync(command, command.Error, OutputDescriptor.Error);
        return await output & await error;
    }

    private static async Task<bool> CopyAsync(RemoteCommand command, Stream from, Stream to)
    {
        var buffer = new byte[CopyBytes];
        int count;
        while ((count = await from.ReadAsync(buffer)) > 0)
        {
            try
            {
                await to.WriteAsync(buffer.AsMemory(0, count));
                await to.FlushAsync();
            }
            catch (IOException)
            {
                await command.CancelAsync();
                await from.DisposeAsync();
                return false;
            }
        }

        return true;
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

    /// <summary>The first Ctrl-C is the command's, to make of it what it likes; the second ends it.</summary>
    private static async Task PassSignalsAsync(RemoteCommand command, StopSignals signals, CancellationToken over)
    {
        try
        {
            await signals.First.WaitAsync(over);
            await command.SignalAsync("INT");
            await signals.Second.WaitAsync(over);
            await command.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // It has ended.
        }
    }
}
