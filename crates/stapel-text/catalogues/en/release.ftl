### release: journal, saga, lock
release-locked = { $who } is running a { $doing } of this app since { $since } (process { $pid } on the host).
    .remedy = Wait until it has ended; `stapel status` shows how far it is.
release-journal = The journal on the host cannot be used: { $error }
    .remedy = Look at the free disk space and the rights of Stapel's state directory on the host. No further step was begun.
release-journal-newer = The journal on the host was written by a newer Stapel (format { $theirs }; this one knows { $ours }).
    .remedy = Update Stapel on this machine.
release-transition = Step { $step } cannot go from { $from } to { $to }: this is a bug in Stapel.
    .remedy = Nothing further was done. Please report it with the output of `stapel history`.
release-unknown = There is no release { $release } of this app.
    .remedy = `stapel history` lists the releases there are.
release-panic = The step ended in a panic ({ $said }): this is a bug in Stapel.
    .remedy = The release was undone. Please report it with the output of `stapel history`.
release-stuck = Going back failed at: { $step }. The release had failed because: { $first }
    .remedy = The app was left serving as it is. Put right what the last line names by hand; `stapel history` holds the record.
