using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dialtone.Files;

/// <summary>One share: its quotas, its interrupted uploads, its log-ins and its sessions. Protocols get their sessions here.</summary>
/// <remarks>Safe for many threads. The ledger is this process's own: no other may write into the share's folder meanwhile.</remarks>
public sealed partial class FileService : IAsyncDisposable
{
    private const int SweepsPerAge = 24;
    private static readonly TimeSpan ShortestSweep = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger;
    private readonly bool _ownsHasher;
    private readonly PasswordHasher _hasher;
    private ITimer? _sweeper;

    /// <summary>A share. Call <see cref="StartAsync"/> before the first session.</summary>
    public FileService(FileServiceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        Time = options.Time;
        Penalties = options.Penalties ?? new PenaltyTable(time: Time);
        _logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Dialtone.Files");
        _ownsHasher = options.Hasher is null;
        _hasher = options.Hasher ?? new PasswordHasher(new PasswordHasherOptions { Slots = Environment.ProcessorCount }, Time);
        _queue = new LoginQueue(_hasher, Penalties, options.MaxWaitingLogins, options.MaxLoginWait, Time);
        _verified = new VerifiedLogins(options.RememberLogin, Time);
        Ledger = new QuotaLedger(MeasureAsync);
        ScramAccounts = NewScramAccounts();
        _stranger = NewStranger(options);
        SetQuotas();
        if (Accounts is not null)
            Accounts.Changed += SetQuotas;
    }

    /// <summary>What the service was made with.</summary>
    public FileServiceOptions Options { get; }

    /// <summary>Who is kept out after failed log-ins.</summary>
    public PenaltyTable Penalties { get; }

    /// <summary>The accounts for a SCRAM log-in; whoever proves one of them is taken in by <see cref="Login"/>.</summary>
    public ScramAccounts ScramAccounts { get; }

    internal TimeProvider Time { get; }

    internal AuditLog? Audit => Options.Audit;

    internal IAccounts? Accounts => Options.Accounts;

    internal QuotaLedger Ledger { get; }

    internal KeptUploads Kept { get; } = new();

    /// <summary>Takes up what an earlier run left: removes what cannot be continued or is too old, and sets room aside for the rest. Sweeps from then on.</summary>
    /// <exception cref="FileException">The store cannot be read.</exception>
    public async ValueTask StartAsync(CancellationToken cancellationToken = default)
    {
        await Options.Store.SweepAsync(Options.UploadAge, cancellationToken).ConfigureAwait(false);
        await foreach (StagedEntry staged in Options.Store.ListStagedAsync(cancellationToken).ConfigureAwait(false))
            await RestoreAsync(staged, cancellationToken).ConfigureAwait(false);
        if (Kept.Count > 0)
            _logger.Restored(Kept.Count);
        TimeSpan period = Options.UploadAge / SweepsPerAge;
        if (period < ShortestSweep)
            period = ShortestSweep;
        _sweeper = Time.CreateTimer(_ => _ = SweepQuietlyAsync(), null, period, period);
    }

    /// <summary>Removes interrupted uploads that nobody has continued for <see cref="FileServiceOptions.UploadAge"/>, and frees their room. Runs by itself as well.</summary>
    /// <returns>How many were removed.</returns>
    public async ValueTask<int> SweepAsync(CancellationToken cancellationToken = default)
    {
        List<KeptUploads.Entry> before = Kept.Unheld();
        int swept = await Options.Store.SweepAsync(Options.UploadAge, cancellationToken).ConfigureAwait(false);
        var present = new HashSet<string>(StringComparer.Ordinal);
        await foreach (StagedEntry staged in Options.Store.ListStagedAsync(cancellationToken).ConfigureAwait(false))
            present.Add(staged.Id);
        foreach (KeptUploads.Entry entry in before)
        {
            if (!present.Contains(entry.Id) && Kept.RemoveUnheld(entry))
                Ledger.Release(entry.Reservation);
        }

        if (swept > 0)
            _logger.Swept(swept);
        return swept;
    }

    /// <summary>Counts every quota anew when it is next needed: call it after files were changed behind the server's back.</summary>
    public void Remeasure() => Ledger.Forget();

    /// <summary>Ends the sweeping. Sessions are to be disposed before.</summary>
    public ValueTask DisposeAsync()
    {
        if (Accounts is not null)
            Accounts.Changed -= SetQuotas;
        _sweeper?.Dispose();
        if (_ownsHasher)
            _hasher.Dispose();
        return ValueTask.CompletedTask;
    }

    internal async ValueTask<StoreUsage> MeasureAsync(VirtualPath folder, CancellationToken cancellationToken)
    {
        try
        {
            // A walk blocks its thread: not one that serves connections.
            return await Task.Run(() => Options.Store.MeasureAsync(folder, cancellationToken).AsTask(), cancellationToken).ConfigureAwait(false);
        }
        catch (FileException e) when (e.Reason is FileError.NotFound or FileError.NotFolder)
        {
            return default; // a home that nobody has logged in to yet
        }
    }

    /// <summary>Removes an upload that the caller holds, and frees its room.</summary>
    internal async ValueTask DiscardAsync(KeptUploads.Entry held)
    {
        try
        {
            IStagedFile staged = await Options.Store.ResumeAsync(held.Id, CancellationToken.None).ConfigureAwait(false);
            await staged.DiscardAsync().ConfigureAwait(false);
            await staged.DisposeAsync().ConfigureAwait(false);
        }
        catch (FileException e) when (e.Reason == FileError.NoSuchUpload)
        {
            // Swept before us.
        }

        Kept.Remove(held);
        Ledger.Release(held.Reservation);
    }

    private void SetQuotas()
    {
        var quotas = new List<(VirtualPath, Quota)>();
        if (Options.ShareQuota is { } whole)
            quotas.Add((VirtualPath.Root, whole));
        foreach (Account account in Accounts?.All ?? [])
        {
            if (account.Quota is { } quota)
                quotas.Add((account.Home, quota));
        }

        Ledger.SetQuotas(quotas);
    }

    private async ValueTask RestoreAsync(StagedEntry staged, CancellationToken cancellationToken)
    {
        if (UploadRecord.Parse(staged.Record) is not { } record)
            return; // no upload of ours: the sweep will have it by its age
        long replaces = -1;
        try
        {
            FileEntry there = await Options.Store.StatAsync(record.Path, cancellationToken).ConfigureAwait(false);
            if (record.Mode == PublishMode.Replace && there.Kind == FileKind.File)
                replaces = there.Size;
        }
        catch (FileException)
        {
            // Nothing is there that would be replaced.
        }

        Reservation reservation = Ledger.Restore(record.Path, record.Size ?? staged.Length, replaces);
        Kept.Add(staged.Id, record, reservation, staged.Length, staged.Written, isHeld: false);
    }

    private async Task SweepQuietlyAsync()
    {
        try
        {
            await SweepAsync().ConfigureAwait(false);
        }
        catch (FileException e)
        {
            _logger.SweepFailed(e);
        }
    }
}
