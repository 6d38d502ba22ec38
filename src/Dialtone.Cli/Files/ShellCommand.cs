using System.Runtime.InteropServices;
using System.Text;
using Dialtone.Files;

namespace Dialtone.Cli;

/// <summary><c>dialtone shell</c>: reads lines from a terminal or a pipe and has a <see cref="Shell"/> do them.</summary>
internal static class ShellCommand
{
    public static async Task<ExitCode> RunAsync(Arguments arguments)
    {
        var name = RemoteName.Parse(arguments.Operands[0]);
        if (arguments.Has(FileFlags.Dialect))
        {
            await using DialectShare tutorial = await DialectShare.ConnectAsync(arguments, name, CancellationToken.None);
            return await RunAsync(arguments, name, new DialectShell(tutorial));
        }

        await using RemoteShare share = await RemoteShare.ConnectAsync(arguments, name, CancellationToken.None);
        return await RunAsync(arguments, name, new Shell(share, TransferRules.Of(arguments)));
    }

    private static async Task<ExitCode> RunAsync(Arguments arguments, RemoteName name, IShell shell)
    {
        if (name.Path.Length > 0)
            await shell.EnterAsync(name.Path, CancellationToken.None);
        return Terminal.InputIsInteractive && Terminal.OutputIsInteractive
            ? await TypeAsync(shell)
            : await ReadAsync(shell, arguments.Has(FileFlags.GoOn));
    }

    /// <summary>At a terminal: asks for lines until told to leave.</summary>
    private static async Task<ExitCode> TypeAsync(IShell shell)
    {
        var history = new History(Path.Combine(Folders.Own, "history"));
        var editor = new LineEditor(Terminal.Error, () => TerminalWindow.Width, history, new ShellCompletion(shell).CompleteAsync);
        using TerminalScreen.RawInput input = TerminalScreen.OpenRaw();
        // Whoever ends the tool gets the terminal back as it was.
        PosixSignal[] endings = [PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];
        PosixSignalRegistration[] registrations = [.. endings.Select(signal => PosixSignalRegistration.Create(signal, _ => input.End()))];
        while (!shell.IsOver && await AskAsync(editor, shell.Prompt, input) is { } line)
        {
            history.Add(line);
            history.Save();
            await DoAsync(shell, line);
        }

        foreach (PosixSignalRegistration registration in registrations)
            registration.Dispose();
        return ExitCode.Done;
    }

    /// <summary>The terminal is raw only while a line is typed: what a command runs finds it as it was.</summary>
    private static async Task<string?> AskAsync(LineEditor editor, string prompt, TerminalScreen.RawInput input)
    {
        input.Begin();
        try
        {
            return await editor.ReadAsync(prompt, input);
        }
        finally
        {
            input.End();
        }
    }

    /// <summary>From a pipe: the first line that fails ends it, unless told otherwise.</summary>
    private static async Task<ExitCode> ReadAsync(IShell shell, bool goesOn)
    {
        var input = new LineInput(Terminal.OpenInput());
        ExitCode worst = ExitCode.Done;
        while (!shell.IsOver && await input.ReadAsync() is { } bytes)
        {
            ExitCode code = await DoAsync(shell, Encoding.UTF8.GetString(bytes));
            if (code == ExitCode.Done)
                continue;
            worst = ExitCode.Failed;
            if (!goesOn || code == ExitCode.Interrupted)
                return code == ExitCode.Interrupted ? code : worst;
        }

        return worst;
    }

    private static async Task<ExitCode> DoAsync(IShell shell, string line)
    {
        try
        {
            return await Interruptible.RunAsync(token => shell.DoAsync(line, token));
        }
        catch (CliException e)
        {
            Terminal.Flush();
            Terminal.Complain(e);
            return e.Code;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (Failure.Explain(e) is { } explained)
        {
            Terminal.Flush();
            Terminal.Complain(explained);
            return explained.Code;
        }
        finally
        {
            Terminal.Flush();
        }
    }
}
