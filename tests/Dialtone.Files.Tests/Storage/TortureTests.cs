using System.Text;
using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>A working day of the store, again and again, with its first, second, third … system call failing.</summary>
public sealed class TortureTests
{
    private static readonly byte[] Old = [.. Enumerable.Repeat((byte)'o', 5000)];
    private static readonly byte[] New = [.. Enumerable.Repeat((byte)'n', 70_000)];

    [Theory] // J07, J08, J09, J10, J12, J13, N08
    [InlineData(Errno.Io, false, FileError.Failed)]
    [InlineData(Errno.Io, true, FileError.Failed)]
    [InlineData(Errno.NoSpace, false, FileError.DiskFull)]
    [InlineData(Errno.NoSpace, true, FileError.DiskFull)]
    [InlineData(Errno.Quota, false, FileError.DiskFull)]
    [InlineData(Errno.ReadOnlyDisk, true, FileError.ReadOnly)]
    [InlineData(Errno.Access, false, FileError.Denied)]
    [InlineData(Errno.TooManyFiles, false, FileError.Failed)]
    [InlineData(Errno.Interrupted, false, FileError.Failed)]
    [InlineData(FaultyCalls.Short, false, null)]
    [InlineData(FaultyCalls.Short, true, null)]
    public async Task Whatever_call_fails_the_old_content_or_the_new_stands_and_the_books_are_right(int error, bool forGood, FileError? expected)
    {
        // Every call once; with the other errors every seventh, and every one in the long run.
        int step = Host.IsLong || (error == Errno.Io && !forGood) ? 1 : 7;
        for (int failing = 1; ; failing += step)
        {
            var day = new Day(error, forGood, failing);
            await day.LiveAsync();
            if (!day.HasFailed)
            {
                Assert.InRange(failing, 60, 1000); // it ended because no call was left to fail
                return;
            }

            string when = $"call {failing} ({day.FailedCall}), error {error}, for good: {forGood}";
            foreach (FileException refusal in day.Refusals)
                Assert.True(expected is not null && IsExpected(refusal, expected.Value, day), $"{when}: {refusal.Reason} {refusal.Message}");
        }
    }

    // At the doors the store may put it differently: a disk that refuses at start is only read, an unreadable upload is none.
    private static bool IsExpected(FileException refusal, FileError expected, Day day) =>
        refusal.Reason == expected
        || (refusal.Reason == FileError.Failed && refusal.Message.Contains("failed to confirm", StringComparison.Ordinal)) // a folder's fsync
        || (refusal.Reason == FileError.ReadOnly && expected is FileError.Denied or FileError.ReadOnly)
        || (refusal.Reason == FileError.Unsupported && !day.IsOpen)
        || refusal.Reason is FileError.NoSuchUpload;

    /// <summary>One run. Its books are kept as a quota's are: charged before, given back after.</summary>
    private sealed class Day
    {
        private readonly int _error;
        private readonly bool _forGood;
        private readonly int _failing;
        private long _books;

        public Day(int error, bool forGood, int failing) => (_error, _forGood, _failing) = (error, forGood, failing);

        public List<FileException> Refusals { get; } = [];

        public string? FailedCall { get; private set; }

        public bool HasFailed => FailedCall is not null;

        public bool IsOpen { get; private set; }

        public async Task LiveAsync()
        {
            using var ground = new Playground();
            Directory.CreateDirectory(ground["folder"]);
            foreach (string name in (string[])["kept", "replaced", "moved", "target", "folder/inner"])
                File.WriteAllBytes(ground[name], Old);
            _books = 5 * Old.Length;

            try
            {
                using var store = LocalFileStore.Open(ground.Inside, null, new FaultyCalls(Fault));
                IsOpen = true;
                await StepsAsync(store);
            }
            catch (FileException e)
            {
                Refusals.Add(e);
            }

            await CheckAsync(ground);
        }

        private int Fault(string call, int number)
        {
            if (number < _failing || (number > _failing && !_forGood) || (_error == FaultyCalls.Short && call is not ("write" or "copy")))
            {
                if (number == _failing && _error == FaultyCalls.Short)
                    FailedCall ??= call; // nothing to do by halves, but the loop goes on
                return 0;
            }

            FailedCall ??= call;
            return _error;
        }

        private async Task StepsAsync(LocalFileStore store)
        {
            await TryAsync(() => PutAsync(store, "/replaced", New));
            await TryAsync(() => PutAsync(store, "/a/b/new", New));
            await TryAsync(() => PutAsync(store, "/kept", New, PublishMode.CreateNew));
            await TryAsync(() => PutAsync(store, "/kept", Old, PublishMode.NextFreeName));
            await TryAsync(() => CopyAsync(store));
            await TryAsync(() => ResumeAsync(store));
            await TryAsync(async () =>
            {
                try
                {
                    FileEntry? replaced = await store.RenameAsync(At("/moved"), At("/target"), overwrite: true);
                    _books -= replaced?.Size ?? 0;
                }
                catch (FileException e) when (e.Message.Contains("failed to confirm", StringComparison.Ordinal))
                {
                    _books -= Old.Length; // said to be done
                    throw;
                }
            });
            await TryAsync(async () => await store.RemoveAsync(At("/folder"), recursive: true, entry => _books -= entry.Size));
            await TryAsync(async () => await store.SetAttributesAsync(At("/kept"), DateTimeOffset.UnixEpoch, null));
            await TryAsync(async () => await store.ListAsync(VirtualPath.Root, null, 2));
            await TryAsync(async () => await store.MeasureAsync(VirtualPath.Root));
        }

        private async Task TryAsync(Func<Task> step)
        {
            try
            {
                await step();
            }
            catch (FileException e) when (e.Reason == FileError.Exists)
            {
                // The step that is to be refused.
            }
            catch (FileException e)
            {
                Assert.True(HasFailed, e.ToString());
                Refusals.Add(e);
            }
        }

        private async Task PutAsync(LocalFileStore store, string path, byte[] content, PublishMode mode = PublishMode.Replace)
        {
            await using IStagedFile staged = await store.StageAsync(content.Length, default);
            await staged.AppendAsync(content);
            await PublishAsync(store, staged, path, mode);
        }

        private async Task PublishAsync(LocalFileStore store, IStagedFile staged, string path, PublishMode mode = PublishMode.Replace)
        {
            long change = 0;
            await store.PublishAsync(staged, At(path), new PublishOptions
            {
                Mode = mode,
                MakeParents = true,
                Modified = DateTimeOffset.UnixEpoch,
                Permissions = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                Charge = replaced => _books += change = staged.Length - (replaced?.Size ?? 0),
                Undo = () => _books -= change,
            });
        }

        private async Task CopyAsync(LocalFileStore store)
        {
            using IStoredFile source = await store.OpenAsync(At("/kept"));
            await using IStagedFile copy = await store.StageAsync(null, default);
            await copy.AppendAsync(source, 0, 1000);
            await copy.AppendHoleAsync(50_000);
            await copy.AppendAsync(source, 1000, Old.Length - 1000);
            await PublishAsync(store, copy, "/copy");
        }

        private async Task ResumeAsync(LocalFileStore store)
        {
            IStagedFile half = await store.StageAsync(New.Length, Encoding.UTF8.GetBytes("record"));
            await using (half)
                await half.AppendAsync(New.AsMemory(0, 40_000));
            await using IStagedFile whole = await store.ResumeAsync(half.Id);
            await whole.TruncateAsync(30_000);
            await whole.AppendAsync(New.AsMemory(30_000));
            try
            {
                await PublishAsync(store, whole, "/resumed");
            }
            catch (FileException e) when (!e.Message.Contains("failed to confirm", StringComparison.Ordinal))
            {
                // Still ours, or emptied because the disk lost it.
                Assert.True(whole.Length == New.Length || whole.Length == 0);
                throw;
            }
        }

        private async Task CheckAsync(Playground ground)
        {
            string when = $"call {_failing} ({FailedCall}), error {_error}, for good: {_forGood}";
            bool mayLeaveFiles = FailedCall is "unlink" || _forGood; // what cannot be removed is swept
            if (!mayLeaveFiles && Directory.Exists(ground.Uploads))
                Assert.True(ground.Staged.All(name => ground.Staged.Any(other => other.EndsWith(".json", StringComparison.Ordinal) && name.StartsWith(other[..32], StringComparison.Ordinal))), when);

            using LocalFileStore store = ground.Open();
            await store.SweepAsync(TimeSpan.FromDays(-1));
            Assert.Empty(ground.Staged);
            Assert.Equal((when, _books), (when, (await store.MeasureAsync(VirtualPath.Root)).Bytes));
            Assert.Equal(Old, await store.ReadAsync("/kept"));
            foreach (FileEntry entry in (await store.ListAllAsync("/")).Where(entry => entry.Kind == FileKind.File))
            {
                byte[] content = await store.ReadAsync("/" + entry.Name);
                bool isWhole = content.AsSpan().SequenceEqual(Old) || content.AsSpan().SequenceEqual(New)
                    || (entry.Name == "copy" && content.Length == Old.Length + 50_000 && content.Count(value => value == 'o') == Old.Length);
                Assert.True(isWhole, $"{when}: {entry.Name} is torn");
            }
        }
    }
}
