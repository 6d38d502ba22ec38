using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;

namespace Dialtone.Cli;

/// <summary>A terminal that a <see cref="ChatView"/> has for itself: keys are read, frames are painted, and it is given back as it was, however it ends.</summary>
/// <remarks>
/// Everything that changes the view is posted here and done by the one task that runs <see cref="RunAsync"/>; what came together is painted once. While
/// it has the terminal, what would go to standard error of the same terminal appears in the log.
/// </remarks>
internal sealed class ChatScreen : IDisposable
{
    private const int MostEvents = 1024; // that wait to be shown
    private const string Enter = "\e[?1049h\e[?7l";          // xterm: the other screen; no wrapping at the edge
    private const string Leave = "\e[0m\e[?25h\e[?7h\e[?1049l";
    private static readonly TimeSpan LeastBetweenFrames = TimeSpan.FromMilliseconds(30);

    private readonly ChatView _view;
    private readonly Func<string, ValueTask> _said;
    private readonly Stream _output = Terminal.OpenOutput();
    private readonly FramePainter _painter = new(Terminal.UsesStyle);
    private readonly Channel<Func<ValueTask>> _posted = Channel.CreateUnbounded<Func<ValueTask>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _room = new(MostEvents);
    private readonly TerminalScreen.RawInput _input;
    private readonly PosixSignalRegistration[] _signals;
    private readonly IDisposable? _errors;
    private readonly Lock _gate = new();
    private bool _isOver; // under _gate

    /// <summary>Whether there is a terminal that can be painted on; others get lines.</summary>
    public static bool IsPossible => Terminal.InputIsInteractive && Terminal.OutputIsInteractive && !OperatingSystem.IsWindows()
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>Takes the terminal.</summary>
    /// <param name="view">What is shown.</param>
    /// <param name="said">Called with each line that was typed.</param>
    /// <param name="cancelled">Called for each Ctrl-C, and for Ctrl-D on an empty line.</param>
    public ChatScreen(ChatView view, Func<string, ValueTask> said, Action cancelled)
    {
        (_view, _said) = (view, said);
        _input = TerminalScreen.OpenRaw();
        _signals = OperatingSystem.IsWindows() ? [] :
        [
            PosixSignalRegistration.Create(PosixSignal.SIGWINCH, signal => { signal.Cancel = true; Post(_painter.Forget); }),
            PosixSignalRegistration.Create(PosixSignal.SIGCONT, signal => { signal.Cancel = true; Post(Take); }),
            // Whoever ends the tool so gets the terminal back first.
            PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => GiveBack()),
        ];
        if (Terminal.ErrorIsInteractive)
            _errors = Terminal.DivertError(line => Post(() => _view.Log.Say(TimeProvider.System.GetLocalNow(), line)));
        Take();
        var keys = new Thread(() => ReadKeys(cancelled)) { IsBackground = true, Name = "keys" };
        keys.Start();
    }

    /// <summary>Has something done to the view by the task that owns it.</summary>
    public void Post(Action change) => _posted.Writer.TryWrite(() =>
    {
        change();
        return default;
    });

    /// <summary>As <see cref="Post"/>, for what others cause: waits where too much waits already.</summary>
    public async ValueTask PostAsync(Action change, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        Post(() =>
        {
            _room.Release();
            change();
        });
    }

    /// <summary>Does what is posted and paints, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            do
            {
                while (_posted.Reader.TryRead(out Func<ValueTask>? change))
                    await change();
                Paint();
                await Task.Delay(LeastBetweenFrames, TimeProvider.System, cancellationToken);
            }
            while (await _posted.Reader.WaitToReadAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }

        while (_posted.Reader.TryRead(out Func<ValueTask>? change)) // marks that came last
            await change();
    }

    /// <summary>Gives the terminal back.</summary>
    public void Dispose()
    {
        GiveBack();
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        _errors?.Dispose();
        _room.Dispose();
    }

    private void Take()
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            _input.Begin();
            _painter.Forget();
            Write(Enter);
        }
    }

    private void GiveBack()
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            Write(Leave);
            _isOver = true;
            _input.End();
        }
    }

    private void Paint()
    {
        Commands.TerminalSize size = TerminalWindow.Size;
        string text = _painter.Paint(_view.Draw(size.Columns, size.Rows), size.Columns);
        lock (_gate)
        {
            if (!_isOver)
                Write(text);
        }
    }

    private void Write(string text)
    {
        try
        {
            _output.Write(Encoding.UTF8.GetBytes(text));
            _output.Flush();
        }
        catch (IOException)
        {
            _isOver = true; // the terminal is gone, which reading its keys finds out as well
        }
    }

    /// <summary>On a thread of its own, which waits for keys while the process lives.</summary>
    private void ReadKeys(Action cancelled)
    {
        while (true)
        {
            Key key = KeyReader.Read(_input.ReadByte, () => _input.HasMore);
            if (key.Name is KeyName.Cancel or KeyName.Closed)
                cancelled();
            if (key.Name == KeyName.Closed)
                return;
            _posted.Writer.TryWrite(() => PressAsync(key, cancelled));
        }
    }

    private async ValueTask PressAsync(Key key, Action cancelled)
    {
        switch (key.Name)
        {
            case KeyName.Clear:
                _painter.Forget();
                break;
            case KeyName.DeleteOrClose when _view.Line.IsEmpty:
                cancelled();
                break;
            default:
                if (_view.Take(key) is not { } line)
                    break;
                if (_view.TryAnswer(line, out ValueTask answering))
                    await answering;
                else
                    await _said(line);
                break;
        }
    }
}
