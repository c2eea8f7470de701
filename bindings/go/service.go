package liveset

// ServiceSettings is what an operator sets for a service, as a whole: what is not named goes back to what it was at first.
type ServiceSettings struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// ProtectThreshold is 0 to 1: when healthy / total is at or below it, all instances are served as healthy. The policy's where it
	// is nil.
	ProtectThreshold *float64 `json:"protect_threshold,omitzero"`
	// Metadata is free texts by key.
	Metadata map[string]string `json:"metadata,omitzero"`
	// Kind is the service's where it is created by this; where it is empty, the kind of its first instance.
	Kind Kind `json:"kind,omitzero"`
}

// SetService sets the settings of a service as a whole, creating it where it is not known.
func (r *Registry) SetService(now Instant, settings ServiceSettings) (ServiceID, error) {
	set, err := apply[struct{ Service ServiceID }](r, now, "set_service", settings, "service_set")
	return set.Service, err
}

type serviceFields struct {
	Service ServiceKey `json:"service"`
}

// RemoveService takes an empty service away, with its settings. It refuses one that has instances (ErrNotEmpty) and one that is not
// there (ErrUnknownService).
func (r *Registry) RemoveService(now Instant, service ServiceKey) error {
	return r.do(now, "remove_service", serviceFields{service})
}

// Look tells that a reader is about to read a service: where the policy computes views late and nobody computed this one yet, it is
// computed now.
func (r *Registry) Look(now Instant, service ServiceKey) error {
	return r.do(now, "look", serviceFields{service})
}

// HealthReport is what the host's checker found out about a persistent instance.
type HealthReport struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// Address is which instance.
	Address Address `json:"address"`
	// Healthy is what was found.
	Healthy bool `json:"healthy"`
	// Sure is whether this report is enough by itself; else it takes as many equal ones in a row, of as many observers, as the policy
	// says.
	Sure bool `json:"sure,omitzero"`
	// By is who found it; empty where the checker has no name.
	By string `json:"by,omitzero"`
}

// ReportHealth takes a report about a persistent instance, and tells whether the instance is healthy now. It refuses an ephemeral
// instance (ErrInvalid) and what is not there (ErrUnknownInstance).
func (r *Registry) ReportHealth(now Instant, report HealthReport) (healthy bool, err error) {
	reported, err := apply[struct{ Healthy bool }](r, now, "report_health", report, "health_reported")
	return reported.Healthy, err
}

// ServiceRecord is what is known of a service, or remembered of one that was forgotten.
type ServiceRecord struct {
	// Service is the service.
	Service ServiceKey `json:"service"`
	// Known is whether it is known; else only its settings are remembered, or somebody waits for it.
	Known bool `json:"known"`
	// Kind is empty before its first instance where nobody said.
	Kind Kind `json:"kind"`
	// ProtectThreshold is nil where none was set.
	ProtectThreshold *float64 `json:"protect_threshold"`
	// Metadata is the free texts that an operator set.
	Metadata map[string]string `json:"metadata"`
	// Clusters have or had instances, by name.
	Clusters []string `json:"clusters"`
	// Instances are held by some lease.
	Instances int `json:"instances"`
	// Computed is whether readers have a view of it: where the policy computes views late, somebody must have looked, or time must
	// have passed.
	Computed bool `json:"computed"`
}

// Service reads what is known or remembered of a service; false when nobody ever named it, or everything is forgotten.
func (r *Registry) Service(service ServiceKey) (ServiceRecord, bool, error) {
	record, err := ask[*ServiceRecord](r, "service", serviceFields{service})
	if err != nil || record == nil {
		return ServiceRecord{}, false, err
	}
	return *record, true, nil
}
