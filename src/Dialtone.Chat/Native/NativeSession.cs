using System.Net;

namespace Dialtone.Chat;

/// <summary>Somebody who has joined in the native protocol: their requests, one after the other, and their way out.</summary>
internal sealed class NativeSession(NativeTongue tongue, EndPoint? joinedFrom) : IChatLine
{
    private const int MaxNames = 200;
    private const int DefaultPage = 50;
    private const int MaxPage = 100;

    private FlowSession? _flow;
    private ChatParticipant? _participant;
    private EndPoint? _joinedFrom = joinedFrom;
    private Queue<byte[]>? _waiting; // and below: under the session's own lock
    private bool _isBusy;
    private bool _hasEnded;

    public ChatTongue Tongue => ChatTongue.Native;

    public EndPoint? Address => _joinedFrom ?? _flow?.RemoteEndPoint;

    public bool IsVerified => true;

    public bool TrySend(ChatOutgoing outgoing) => _flow!.TrySend(outgoing.Json, outgoing.FlowOutcome);

    /// <summary>Tells why, and ends when they have heard it.</summary>
    public void Close(ChatError why)
    {
        if (!_flow!.TrySend(NativeJson.End(why), _ => _flow.Close()))
            _flow.Close();
    }

    /// <summary>Before anything is sent.</summary>
    public void Begin(FlowSession flow) => _flow = flow;

    /// <summary>The hub has let them in; they have yet to learn it.</summary>
    public void Begin(ChatParticipant participant)
    {
        bool hasEnded;
        lock (this)
        {
            _participant = participant;
            hasEnded = _hasEnded;
        }

        if (hasEnded)
            tongue.Hub.Remove(participant);
    }

    /// <summary>From now on they are where their datagrams come from.</summary>
    public void HasJoined() => _joinedFrom = null;

    /// <summary>The flow is over.</summary>
    public void HasEnded()
    {
        ChatParticipant? participant;
        lock (this)
        {
            _hasEnded = true;
            participant = _participant;
        }

        if (participant is not null)
            tongue.Hub.Remove(participant);
    }

    /// <summary>Takes a request; one at a time, in order, though one may have to wait for a password to be checked.</summary>
    public void Receive(byte[] message)
    {
        lock (this)
        {
            if (_isBusy)
            {
                (_waiting ??= new Queue<byte[]>()).Enqueue(message);
                return;
            }

            _isBusy = true;
        }

        _ = RunAsync(message);
    }

    private async Task RunAsync(byte[] first)
    {
        byte[]? message = first;
        while (message is not null)
        {
            try
            {
                await HandleAsync(message).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                // The hub is gone, and with it everybody who would hear.
            }
            catch (Exception e)
            {
                tongue.Hub.Logger.RequestFailed(e);
                _flow!.Close();
            }

            _flow!.Taken(message.Length);
            lock (this)
            {
                if (_waiting is null || !_waiting.TryDequeue(out message))
                    (_waiting, message, _isBusy) = (null, null, false);
            }
        }
    }

    private ValueTask HandleAsync(byte[] message)
    {
        ChatHub hub = tongue.Hub;
        ChatParticipant self = _participant!;
        if (!NativeRequest.TryRead(message, out NativeRequest request))
            return Refuse(request.Ref, hub.TryPay(self) ? ChatError.BadRequest : ChatError.TooFast);
        if (request.Say is { } text)
        {
            // An answer before anything that others say to it.
            ChatError error = hub.Say(self, request.Room, request.To, text, id => Send(NativeJson.Taken(request.Ref, id)), out _);
            return Refuse(request.Ref, error);
        }

        if (request.Enter is { } room)
            return EnterAsync(request.Ref, room, request.Password);
        if (request.Leave is { } left)
            return Answer(request.Ref, hub.Leave(self, left));
        if (request.Rename is { } name)
        {
            ChatError error = hub.Rename(self, name);
            return error == ChatError.None ? Send(NativeJson.Renamed(request.Ref, self.Name)) : Refuse(request.Ref, error);
        }

        if (request.Who is { } crowd)
        {
            ChatError error = hub.Who(self, crowd, MaxNames, out string[] names, out int count);
            return error == ChatError.None ? Send(NativeJson.Names(request.Ref, names, count)) : Refuse(request.Ref, error);
        }

        if (request.History is { } past)
        {
            int limit = Math.Clamp(request.Limit ?? DefaultPage, 1, MaxPage);
            ChatError error = hub.History(self, past, request.Before, limit, out ChatOutgoing[] messages, out bool more);
            return error == ChatError.None ? Send(NativeJson.Page(request.Ref, messages, more)) : Refuse(request.Ref, error);
        }

        return Refuse(request.Ref, hub.TryPay(self) ? ChatError.BadRequest : ChatError.TooFast);
    }

    // Guessing costs here what it costs at the door.
    private async ValueTask EnterAsync(long reference, string room, string? password)
    {
        IPAddress? address = (Address as IPEndPoint)?.Address;
        ChatError error = password is not null && tongue.Penalties.IsRefused(address)
            ? ChatError.TooFast
            : await tongue.Hub.EnterAsync(_participant!, room, password).ConfigureAwait(false);
        if (error == ChatError.WrongPassword && password is not null)
            tongue.Penalties.Charge(address, Penalty.AuthenticationFailed);
        await Answer(reference, error).ConfigureAwait(false);
    }

    private ValueTask Answer(long reference, ChatError error) => error == ChatError.None ? Send(NativeJson.Done(reference)) : Refuse(reference, error);

    private ValueTask Refuse(long reference, ChatError error) => error == ChatError.None ? default : Send(NativeJson.Refused(reference, error));

    // What cannot be queued is lost with the flow, or with a client that takes nothing: it learns so when its request stays unanswered.
    private ValueTask Send(byte[] json)
    {
        _flow!.TrySend(json);
        return default;
    }
}
