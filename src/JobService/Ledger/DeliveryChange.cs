using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>A change of a callback or its deliveries.</summary>
internal abstract record DeliveryChange : Change
{
    private DeliveryChange()
    {
    }

    internal interface IWriter
    {
        int Write(CallbackInserted change);

        int Write(JobAnnounced change);

        int Write(BatchAnnounced change);

        int Write(Tried change);

        int Write(Settled change);

        int Write(Redelivered change);

        int Write(Disabled change);

        int Write(UrlDisabled change);

        int Write(UrlEnabled change);

        int Write(OldUrlsEnabled change);

        int Write(SubjectDeleted change);
    }

    public sealed override int WriteTo(IChangeWriters writers) => WriteTo(writers.Deliveries);

    protected abstract int WriteTo(IWriter writer);

    public sealed record CallbackInserted(long Subject, Callback Callback) : DeliveryChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Creates an event with the job's current row and error as its ending. Created disabled when the receiver has responded with 410.</summary>
    public sealed record JobAnnounced(JobId Id, long Job, string Type, long Now) : DeliveryChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <inheritdoc cref="JobAnnounced"/>
    public sealed record BatchAnnounced(JobId Id, long Batch, string Type, long Now, string Ending) : DeliveryChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Adds a try to its history.</summary>
    public sealed record Tried(DeliveryTry Try) : DeliveryChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Sets the state that the try has led to.</summary>
    public sealed record Settled(long Delivery, DeliveryState State, long? NextAt) : DeliveryChange
    {
        public override void ApplyTo(Fetched fetched) => fetched.Apply(Delivery, row => row with { State = State, NextAt = NextAt });

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Makes it pending again, on request.</summary>
    public sealed record Redelivered(long Delivery, long Now) : DeliveryChange
    {
        public override void ApplyTo(Fetched fetched) => fetched.Apply(Delivery, row => row with { State = DeliveryState.Pending, NextAt = Now });

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>No effect when it is over, or its address has been enabled again.</summary>
    public sealed record Disabled(long Delivery) : DeliveryChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>The receiver of this delivery has responded with 410: it gets no more.</summary>
    public sealed record UrlDisabled(long Delivery, long Now) : DeliveryChange
    {
        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Enables the receiver again after a 410.</summary>
    public sealed record UrlEnabled(long Subject) : DeliveryChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    public sealed record OldUrlsEnabled(long Before) : DeliveryChange
    {
        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }

    /// <summary>Deletes callback, deliveries and tries together with the job or the batch.</summary>
    public sealed record SubjectDeleted(long Subject) : DeliveryChange
    {
        public override void ApplyTo(Fetched fetched) => fetched.ForgetDeliveriesOf(Subject);

        public override int LeastRows => 0;

        protected override int WriteTo(IWriter writer) => writer.Write(this);
    }
}
