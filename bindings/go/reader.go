package liveset

// SubscriberAccount is how far one subscriber was told of its service.
type SubscriberAccount struct {
	// Subscription is its subscription.
	Subscription SubscriptionID `json:"subscription"`
	// Subscriber is who it is.
	Subscriber string `json:"subscriber"`
	// Since is when it subscribed.
	Since Instant `json:"since"`
	// Told is the revision it was last told of, or subscribed at.
	Told uint64 `json:"told"`
	// ToldAt is when that was.
	ToldAt Instant `json:"told_at"`
	// WaitingSince is since when a notice waits that its host has not taken; nil where none waits.
	WaitingSince *Instant `json:"waiting_since"`
}

// Subscribers lists the subscribers of a service, in the order of their subscriptions, and how far each was told.
func (r *Registry) Subscribers(service ServiceKey) ([]SubscriberAccount, error) {
	type fields struct {
		Service ServiceKey `json:"service"`
	}
	return ask[[]SubscriberAccount](r, "subscribers", fields{service})
}

// Telling is who was told of an instance's last change.
type Telling struct {
	// Subscribers are those of its service.
	Subscribers int `json:"subscribers"`
	// Behind are those who were not told of it yet.
	Behind int `json:"behind"`
	// First are the first of those, at most eight.
	First []SubscriberAccount `json:"first"`
}

// Layer is a layer between the registry and the calls that a reader makes.
type Layer string

const (
	// ClientLayer is the list of its registry client.
	ClientLayer Layer = "client"
	// FrameworkLayer is the list of the framework above that client: a load balancer's or a gateway's cache.
	FrameworkLayer Layer = "framework"
)

// CopyReport is what one layer of a reader holds of an instance, as its host reports it.
type CopyReport struct {
	// Reader is whose.
	Reader string `json:"reader"`
	// Layer is which.
	Layer Layer `json:"layer"`
	// Taken is when it took the list it holds; nil where it never took one.
	Taken *Instant `json:"taken"`
	// Listed is whether the instance is in that list.
	Listed bool `json:"listed"`
	// Healthy is whether it is there as healthy.
	Healthy bool `json:"healthy"`
	// KeptSince is since when push-empty protection keeps that list against a newer one; nil where it does not.
	KeptSince *Instant `json:"kept_since"`
	// KeptUntil is until when it keeps it; nil without end.
	KeptUntil *Instant `json:"kept_until"`
}

// CopyAccount is a copy beside what the registry gives consumers.
type CopyAccount struct {
	// Copy is the copy.
	Copy CopyReport `json:"copy"`
	// Agrees is whether it lists the instance as the registry does.
	Agrees bool `json:"agrees"`
	// Subscribed is whether the reader is subscribed to the service here, so that it will be told of the next change.
	Subscribed bool `json:"subscribed"`
	// Missed is the newest that happened to the instance since the copy was taken, where they differ; nil where nothing is known.
	Missed *Transition `json:"missed"`
}
