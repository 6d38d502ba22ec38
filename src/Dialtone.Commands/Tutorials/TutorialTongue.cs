using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Dialtone.Commands;

/// <summary>Speaks to the tutorials' clients of remote commands over connections. PROTOCOL.md has the bytes.</summary>
internal sealed class TutorialTongue(CommandService service, TutorialFraming framing, Encoding? encoding)
{
    private static readonly AcknowledgedLength Acknowledged = Framing.AcknowledgedLength(int.MaxValue);

    public Task RunAsync(Connection connection) => new Conversation(this, service, connection).RunAsync();

    /// <summary>One caller.</summary>
    private sealed class Conversation(TutorialTongue tongue, CommandService service, Connection connection)
    {
        /// <summary>Longest request, and the most that is kept of what a caller sends while its command runs.</summary>
        private const int MaxRequestBytes = 64 * 1024;

        /// <summary>A caller that has finished sending may still wait for the answer; for no longer than this, since one that has gone looks the same.</summary>
        private static readonly TimeSpan HalfClosePatience = TimeSpan.FromMilliseconds(500);

        private readonly CommandLimits _limits = new() { OutputBytes = service.Options.MaxReplyBytes };
        private byte[] _pending = [];
        private bool _mayAcknowledge; // an empty reply may be acknowledged late, in front of the next request
        private bool _hasFinished;

        public async Task RunAsync()
        {
            while (await ReadRequestAsync().ConfigureAwait(false) is { } request)
            {
                connection.Activity = "running a command";
                using var answered = new CancellationTokenSource();
                using var deadline = new StopDeadline(service.Options, connection.Closing);
                using var left = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token);
                CommandEnd Why() => deadline.Token.IsCancellationRequested ? CommandEnd.ServerStopping : CommandEnd.CallerLeft;
                Task watching = WatchAsync(left, answered.Token);
                try
                {
                    using TutorialReply reply = await TutorialReply.MakeAsync(
                        service, request, CommandCaller.Of(connection), tongue.ReplyEncoding, _limits, Why, left.Token).ConfigureAwait(false);
                    await answered.CancelAsync().ConfigureAwait(false);
                    await watching.ConfigureAwait(false);
                    await SendAsync(reply.Content).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (left.IsCancellationRequested)
                {
                    return; // nobody waits for the answer
                }
                finally
                {
                    await answered.CancelAsync().ConfigureAwait(false);
                    await watching.ConfigureAwait(false);
                }
            }
        }

        /// <summary>A request is what has arrived: nothing in these framings tells where one ends. Null when there will be none.</summary>
        private async ValueTask<string?> ReadRequestAsync()
        {
            try
            {
                return await ReadRequestAsync(connection.Closing).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return null; // the server is stopping
            }
        }

        private async ValueTask<string?> ReadRequestAsync(CancellationToken closing)
        {
            while (true)
            {
                closing.ThrowIfCancellationRequested();
                if (_mayAcknowledge)
                    await TakeAcknowledgementAsync(isDue: false, closing).ConfigureAwait(false);
                while (_pending.Length == 0)
                {
                    if (!await ReceiveAsync(closing).ConfigureAwait(false))
                        return null;
                    if (_mayAcknowledge)
                        await TakeAcknowledgementAsync(isDue: false, closing).ConfigureAwait(false);
                }

                _mayAcknowledge = false;
                string request = Encoding.UTF8.GetString(_pending).TrimEnd('\r', '\n');
                _pending = [];
                return request;
            }
        }

        private async Task SendAsync(Spool content)
        {
            switch (tongue.ReplyFraming)
            {
                case TutorialFraming.Int32:
                    BitConverter.TryWriteBytes(connection.Output.GetSpan(sizeof(int)), BitConverter.IsLittleEndian
                        ? (int)content.Length : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((int)content.Length));
                    connection.Output.Advance(sizeof(int));
                    break;
                case TutorialFraming.Json:
                    await connection.SendAsync(new TutorialHeader(content.Length), content.Open()).ConfigureAwait(false);
                    return;
                case TutorialFraming.Acknowledged:
                    Acknowledged.WriteLength(connection.Output, (int)content.Length);
                    await connection.Output.FlushAsync().ConfigureAwait(false);
                    _mayAcknowledge = content.Length == 0;
                    if (!_mayAcknowledge)
                        await TakeAcknowledgementAsync(isDue: true, default).ConfigureAwait(false);
                    break;
            }

            await content.Open().CopyToAsync(connection.Stream, MaxRequestBytes).ConfigureAwait(false);
            await connection.Output.FlushAsync().ConfigureAwait(false);
        }

        /// <summary>Takes <c>recv_ready</c> off what has arrived, a literal prefix; what follows it is the next request.</summary>
        private async ValueTask TakeAcknowledgementAsync(bool isDue, CancellationToken cancellationToken)
        {
            while (true)
            {
                var input = new ReadOnlySequence<byte>(_pending);
                AcknowledgementStatus status = _pending.Length == 0 ? AcknowledgementStatus.NeedMore : AcknowledgedLength.ReadAcknowledgement(ref input);
                if (status is AcknowledgementStatus.Present)
                {
                    _pending = input.ToArray();
                    _mayAcknowledge = false;
                    return;
                }

                if (status is AcknowledgementStatus.Absent)
                {
                    if (isDue)
                        throw new ProtocolException(ProtocolError.BadAcknowledgement, "The peer sent something else where recv_ready was due.");
                    return;
                }

                if (!isDue && _pending.Length == 0)
                    return;
                if (!await ReceiveAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (isDue)
                        throw new ProtocolException(ProtocolError.TruncatedFrame, "The peer left where recv_ready was due.");
                    return;
                }
            }
        }

        /// <summary>Adds what arrives next to what is pending; false when the peer has finished.</summary>
        private async ValueTask<bool> ReceiveAsync(CancellationToken cancellationToken)
        {
            if (_hasFinished)
                return false;
            ReadResult result = await connection.Input.ReadAsync(cancellationToken).ConfigureAwait(false);
            bool isTooLong = _pending.Length + result.Buffer.Length > MaxRequestBytes;
            if (!isTooLong)
                _pending = [.. _pending, .. result.Buffer.ToArray()];
            _hasFinished = result.IsCompleted && result.Buffer.IsEmpty;
            connection.Input.AdvanceTo(result.Buffer.End);
            if (isTooLong)
                throw new ProtocolException(ProtocolError.FrameTooLarge, "The peer sent more than 64 KiB without waiting for an answer.");
            return !_hasFinished;
        }

        /// <summary>Notices a caller that leaves while its command runs.</summary>
        private async Task WatchAsync(CancellationTokenSource left, CancellationToken answered)
        {
            try
            {
                while (await ReceiveAsync(answered).ConfigureAwait(false))
                {
                    // The next request, which waits its turn.
                }

                await Task.Delay(HalfClosePatience, service.Options.Time, answered).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is TransportException or ProtocolException)
            {
                // It was reset, or it floods: either way nobody waits for this answer.
            }

            await left.CancelAsync().ConfigureAwait(false);
        }
    }

    private TutorialFraming ReplyFraming => framing;

    private Encoding? ReplyEncoding => encoding;
}
