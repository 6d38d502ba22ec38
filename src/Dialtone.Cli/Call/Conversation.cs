namespace Dialtone.Cli;

/// <summary>The conversation of <c>dialtone call</c>: says what comes from the input, shows what the peer answers, and knows when to leave.</summary>
internal sealed class Conversation(ICallLine line, LineInput input, Screen screen, TimeSpan silence, TimeSpan? answerLimit, TimeProvider time)
{
    /// <summary>An answer without a newline at its end is over when nothing more has come for so long.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(100);

    private TaskCompletionSource _answer = new();
    private int _asked;      // the length of the message whose answer is due
    private long _lastHeard; // a timestamp

    /// <summary>Whether the peer has said anything.</summary>
    public bool HasHeard { get; private set; }

    /// <summary>Says a line, waits for its answer, shows it, and goes on with the next line.</summary>
    /// <exception cref="CliException">An answer did not come.</exception>
    public async Task TakeTurnsAsync()
    {
        Task hearing = HearAsync(inAnswers: true);
        Task<byte[]?> next = input.ReadAsync();
        while (await Task.WhenAny(next, hearing) == next && await next is { } words)
        {
            next = input.ReadAsync();
            if (words.Length == 0 && !line.CarriesEmpty)
                continue;
            _answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _asked = words.Length;
            await line.SendAsync(words);
            await AwaitAnswerAsync(hearing, next);
        }

        if (hearing.IsCompleted)
        {
            await hearing;
            // The input may be at its end as well, and not know it yet.
            if (await Task.WhenAny(next, Task.Delay(Gap, time)) != next || await next is not null)
                throw new CliException(ExitCode.Failed, "The peer has closed the conversation.");
            return;
        }

        await LeaveAsync(hearing);
    }

    /// <summary>Sends and shows without taking turns.</summary>
    /// <param name="byLine">Each line is a message; otherwise bytes are passed on as they come.</param>
    public async Task StreamAsync(bool byLine)
    {
        Task hearing = HearAsync(inAnswers: line.KeepsMessages);
        Task sending = byLine ? SendLinesAsync() : SendPiecesAsync();
        if (await Task.WhenAny(sending, hearing) == hearing)
        {
            await hearing;
            return;
        }

        await sending;
        await LeaveAsync(hearing);
    }

    private async Task SendLinesAsync()
    {
        while (await input.ReadAsync() is { } words)
        {
            if (words.Length > 0 || line.CarriesEmpty)
                await line.SendAsync(words);
        }
    }

    private async Task SendPiecesAsync()
    {
        while (await input.ReadPieceAsync() is { Length: > 0 } piece)
            await line.SendAsync(piece);
    }

    /// <summary>Waits for the answer; once the input is known to be at its end, no longer than the peer may be silent then.</summary>
    private async Task AwaitAnswerAsync(Task hearing, Task<byte[]?> next)
    {
        Task answer = _answer.Task;
        Task limit = answerLimit is { } most ? Task.Delay(most, time) : Task.Delay(Timeout.Infinite);
        Task first = await Task.WhenAny(answer, hearing, limit, next);
        if (first == next && await next is null)
            first = await Task.WhenAny(answer, hearing, limit, Task.Delay(silence, time));
        else if (first == next)
            first = await Task.WhenAny(answer, hearing, limit);
        if (first == answer)
            return;
        if (first == hearing)
        {
            await hearing;
            if (!answer.IsCompleted)
                throw new CliException(ExitCode.Failed, "The peer has closed the conversation without an answer.");
            return;
        }

        if (first == limit)
            throw new CliException(ExitCode.Failed, $"No answer came within {answerLimit!.Value.TotalSeconds:0.###} s.", "--timeout SECONDS waits longer.");
        await LeaveAsync(hearing);
        if (!answer.IsCompleted)
            throw new CliException(ExitCode.Failed, $"No answer came within {silence.TotalSeconds:0.###} s.", "--wait SECONDS waits longer.");
    }

    /// <summary>Says that nothing more will come, and stays until the peer has finished or been silent for long enough.</summary>
    private async Task LeaveAsync(Task hearing)
    {
        if (!hearing.IsCompleted)
            await line.FinishSendingAsync();
        _lastHeard = time.GetTimestamp();
        TimeSpan left = silence;
        while (left > TimeSpan.Zero && !hearing.IsCompleted)
        {
            await Task.WhenAny(hearing, Task.Delay(left, time));
            left = silence - time.GetElapsedTime(Volatile.Read(ref _lastHeard));
        }

        if (hearing.IsCompleted)
            await hearing;
    }

    /// <summary>Shows everything the peer says until it has finished.</summary>
    /// <param name="inAnswers">Whether what it says are answers, each of which ends its line; otherwise bytes are shown as they come.</param>
    private async Task HearAsync(bool inAnswers)
    {
        Task<ReadOnlyMemory<byte>?> hearing = line.ReceiveAsync().AsTask();
        while (await hearing is { } piece)
        {
            HasHeard = true;
            Volatile.Write(ref _lastHeard, time.GetTimestamp());
            if (line.KeepsMessages)
                screen.ShowMessage(piece.Span);
            else
                screen.Show(piece.Span);
            bool isWhole = line.KeepsMessages || piece.Span[^1] == '\n' || piece.Length == _asked;
            hearing = line.ReceiveAsync().AsTask();
            if (inAnswers && (isWhole || await Task.WhenAny(hearing, Task.Delay(Gap, time)) != hearing))
            {
                screen.EndLine();
                _answer.TrySetResult();
            }
        }

        if (inAnswers)
            screen.EndLine();
    }
}
