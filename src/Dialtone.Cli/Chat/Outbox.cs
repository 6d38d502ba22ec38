using System.Globalization;
using Dialtone.Chat;

namespace Dialtone.Cli;

/// <summary>Our own messages, until it is known what became of each. Safe for many threads.</summary>
/// <param name="talk">Where they go.</param>
/// <param name="isPatient">Whether a message that came too fast is said again a little later. Who sends the next one before that has their order to lose.</param>
internal sealed class Outbox(IChatTalk talk, bool isPatient)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly Lock _gate = new();
    private readonly Dictionary<long, Action<Mark, string?>> _open = []; // under _gate, as all below
    private readonly Dictionary<long, ChatDelivery> _early = [];         // told before the receipt was looked at
    private int _pending;
    private int _failed;
    private TaskCompletionSource? _settled;

    /// <summary>Messages of which it is not known yet.</summary>
    public int Pending
    {
        get
        {
            lock (_gate)
                return _pending;
        }
    }

    /// <summary>Messages that somebody will never have.</summary>
    public int Failed
    {
        get
        {
            lock (_gate)
                return _failed;
        }
    }

    /// <summary>Completes when nothing is pending.</summary>
    public Task SettleAsync()
    {
        lock (_gate)
        {
            if (_pending == 0)
                return Task.CompletedTask;
            return (_settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Says something. What is begun first is heard first.</summary>
    /// <param name="text">What to say.</param>
    /// <param name="room">Where; null for nowhere.</param>
    /// <param name="to">To whom; null with a null room for the operator.</param>
    /// <param name="became">Called with each mark, from whatever thread.</param>
    public async Task<ChatReceipt> SendAsync(string text, string? room, string? to, Action<Mark, string?> became)
    {
        lock (_gate)
            _pending++;
        became(Mark.Sent, null);
        ChatReceipt receipt = await talk.SendAsync(text, room, to);
        while (isPatient && receipt.Error == ChatError.TooFast)
        {
            await Task.Delay(Pause, TimeProvider.System);
            receipt = await talk.SendAsync(text, room, to);
        }

        bool isForOperator = talk.Native is not null && room is null && (to is null || to.Equals(ChatHub.Operator, StringComparison.OrdinalIgnoreCase));
        if (!receipt.IsTaken || isForOperator) // who serves has what the server has
        {
            Settle(receipt.IsTaken);
            became(receipt.IsTaken ? Mark.Delivered : Mark.Failed, receipt.IsTaken ? null : ChatWords.Of(receipt.Error));
            return receipt;
        }

        ChatDelivery? early;
        lock (_gate)
        {
            _open[receipt.Id] = became;
            _early.Remove(receipt.Id, out early);
        }

        if (early is not null)
            Deliver(early);
        return receipt;
    }

    /// <summary>What the server says became of a message.</summary>
    public void Deliver(ChatDelivery delivery)
    {
        Action<Mark, string?>? became;
        bool isWhole = delivery.Delivered + delivery.Failed >= delivery.Of;
        lock (_gate)
        {
            if (!_open.TryGetValue(delivery.MessageId, out became))
            {
                _early[delivery.MessageId] = delivery;
                return;
            }

            if (isWhole)
                _open.Remove(delivery.MessageId);
        }

        string count = string.Create(CultureInfo.InvariantCulture, $"{delivery.Delivered} of {delivery.Of}");
        (Mark mark, string? note) = delivery switch
        {
            _ when !isWhole => (Mark.Sent, count),
            { Failed: > 0, Of: 1 } => (Mark.Failed, "not delivered"),
            { Failed: > 0 } => (Mark.Failed, $"{count} have it"),
            { Of: 0 } => (Mark.Delivered, "nobody else is there"),
            _ => (Mark.Delivered, null),
        };
        if (isWhole)
            Settle(delivery.Failed == 0);
        became(mark, note);
    }

    /// <summary>The conversation is over: what is pending will never be known.</summary>
    public void GiveUp()
    {
        Action<Mark, string?>[] open;
        lock (_gate)
        {
            open = [.. _open.Values];
            _open.Clear();
        }

        foreach (Action<Mark, string?> became in open)
        {
            Settle(isDone: false);
            became(Mark.Failed, "not known");
        }
    }

    private void Settle(bool isDone)
    {
        lock (_gate)
        {
            _failed += isDone ? 0 : 1;
            if (--_pending > 0)
                return;
            _settled?.TrySetResult();
            _settled = null;
        }
    }
}
