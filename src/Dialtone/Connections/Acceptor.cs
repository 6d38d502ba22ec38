using System.Runtime.CompilerServices;
using Dialtone.Engines;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>Takes callers from one listener, each once the policy has room for it, until the listener or the server stops.</summary>
/// <param name="listener">Where they come from.</param>
/// <param name="dispatcher">The policy.</param>
/// <param name="admit">Lets a caller in and gives it to the policy, or closes it: true when the policy has it.</param>
/// <param name="time">What the back-off goes by.</param>
/// <param name="logger">Hears of failures.</param>
internal sealed class Acceptor(
    StreamListener listener, Dispatcher dispatcher, Func<StreamListener, Transport, bool> admit, TimeProvider time, ILogger logger)
{
    private readonly AcceptBackOff _backOff = new(time);

    /// <summary>Takes callers until the end. Never throws: what cannot be mended is logged and ends the loop.</summary>
    /// <param name="isAlone">Whether no other listener competes for the policy's room.</param>
    /// <param name="stopping">Ends a wait for room; a wait for callers ends with the listener.</param>
    public Task StartAsync(bool isAlone, CancellationToken stopping)
    {
        if (!listener.Blocks)
            return RunAsync(isAlone, stopping);
        // Its waits come back to a thread of its own: the thread pool may be busy with whatever else the program does.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        SmallThread.Start("dialtone accept", () =>
        {
            ThreadContext.Run(() => RunAsync(isAlone, stopping));
            ended.SetResult();
        });
        return ended.Task;
    }

    private async Task RunAsync(bool isAlone, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                if (!await AcceptAsync(isAlone, stopping).ConfigureAwait(listener.Blocks))
                    return;
                if (_backOff.Succeeded())
                    logger.Recovered(listener.Address);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (TransportException e) when (e.Reason == TransportError.PeerReset)
            {
                logger.AcceptFailed(listener.Address, e);
            }
            catch (TransportException e) when (e.Reason == TransportError.OutOfResources)
            {
                Instruments.Shared.Errors.Add(1, Instruments.ErrorType(e));
                TimeSpan delay = _backOff.Failed(out bool shouldLog);
                if (shouldLog)
                    logger.OutOfResources(listener.Address, delay.TotalMilliseconds, e);
                listener.ShedOne();
                await _backOff.WaitAsync(delay, stopping).ConfigureAwait(listener.Blocks);
            }
            catch (Exception e)
            {
                Instruments.Shared.Errors.Add(1, Instruments.ErrorType(e));
                logger.AcceptBroken(listener.Address, e);
                return;
            }
        }
    }

    /// <summary>Takes one caller: false when the listener has stopped.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))] // one per caller would be garbage in a burst
    private async ValueTask<bool> AcceptAsync(bool isAlone, CancellationToken stopping)
    {
        // Room first: the next caller stays in the kernel's backlog until there is some. Only where several listeners
        // compete for it must a caller be there first, or one that nobody calls would keep the others waiting.
        Transport? transport = null;
        if (!isAlone && (transport = await listener.AcceptAsync().ConfigureAwait(false)) is null)
            return false;
        bool hasRoom = false;
        try
        {
            await dispatcher.WaitForRoomAsync(stopping).ConfigureAwait(listener.Blocks);
            hasRoom = true;
            if (transport is null && (transport = await listener.AcceptAsync().ConfigureAwait(false)) is null)
                return false;
            hasRoom = !admit(listener, transport);
            return true;
        }
        catch (OperationCanceledException)
        {
            transport?.Dispose();
            throw;
        }
        finally
        {
            if (hasRoom)
                dispatcher.ReleaseRoom();
        }
    }
}
