using System.Net;
using System.Runtime.InteropServices;

namespace Dialtone.Files;

/// <summary>
/// Passwords that wait to be hashed: bounded, one address after the other, on threads that give way to everything else the server does.
/// </summary>
/// <remarks>
/// As many threads as processors, but nice ones: with nothing else to do the machine hashes at full speed, and transfers in progress keep four fifths of
/// it by the scheduler's weights, not by processors left idle. The threads end when nobody waits.
/// </remarks>
internal sealed partial class LoginQueue(PasswordHasher hasher, PenaltyTable penalties, int maxWaiting, TimeSpan maxWait, TimeProvider time)
{
    private const int Niceness = 6; // a weight of 272 against the 1024 of everything else

    private readonly int _maxThreads = Environment.ProcessorCount;
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressRange, Queue<Job>> _byAddress = []; // those with someone waiting; under _gate, as all below
    private readonly Queue<AddressRange> _turns = new();                   // the same addresses, in the order of their turns
    private int _waiting;
    private int _threads;

    /// <summary>Whether the password is the verifier's. Wrong without hashing for whoever is kept out by the time it is their turn.</summary>
    internal Task<PasswordCheck> CheckAsync(FileCaller caller, ScramVerifier? verifier, string password)
    {
        var job = new Job(caller.IPAddress, verifier, password, time.GetTimestamp());
        lock (_gate)
        {
            if (_waiting >= maxWaiting)
                return Task.FromResult(PasswordCheck.Busy);
            _waiting++;
            if (!_byAddress.TryGetValue(caller.Range, out Queue<Job>? jobs))
            {
                _byAddress[caller.Range] = jobs = new Queue<Job>();
                _turns.Enqueue(caller.Range);
            }

            jobs.Enqueue(job);
            if (_threads == _maxThreads)
                return job.Done.Task;
            _threads++;
        }

        new Thread(Work) { IsBackground = true, Name = "dialtone log-ins", Priority = ThreadPriority.BelowNormal }.Start();
        return job.Done.Task;
    }

    [LibraryImport("libc")]
    private static partial int setpriority(int which, uint who, int priority);

    private void Work()
    {
        // .NET's priorities mean nothing on Linux. There PRIO_PROCESS (0) of 0 is the calling thread alone, and being nicer needs no privilege.
        if (OperatingSystem.IsLinux())
            _ = setpriority(0, 0, Niceness);
        while (Next() is { } job)
        {
            try
            {
                job.Done.SetResult(Check(job));
            }
            catch (ObjectDisposedException)
            {
                job.Done.SetResult(PasswordCheck.Busy);
            }
        }
    }

    private PasswordCheck Check(Job job)
    {
        if (time.GetElapsedTime(job.Since) > maxWait)
            return PasswordCheck.Busy; // whoever asked has given up by now
        return penalties.IsRefused(job.Address) ? PasswordCheck.Wrong : hasher.Verify(job.Verifier, job.Password);
    }

    private Job? Next()
    {
        lock (_gate)
        {
            if (!_turns.TryDequeue(out AddressRange address))
            {
                _threads--;
                return null;
            }

            Queue<Job> jobs = _byAddress[address];
            Job job = jobs.Dequeue();
            _waiting--;
            if (jobs.Count > 0)
                _turns.Enqueue(address);
            else
                _byAddress.Remove(address);
            return job;
        }
    }

    private sealed record Job(IPAddress? Address, ScramVerifier? Verifier, string Password, long Since)
    {
        internal TaskCompletionSource<PasswordCheck> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
