//! Registering and deregistering.

use liveset::{Address, Command, Content, Deregistration, Registration, ServiceKey};

use crate::{Answer, Call, Door, Response};

impl<D: Door> Call<'_, D> {
    /// `POST /instance`.
    pub(crate) fn register(&mut self) -> Answer {
        let (service, address) = (self.service()?, self.address()?);
        let registration = self.registration(&service, &address)?;
        match self.apply(Command::Register(registration)) {
            Ok(_) => Ok(Response::ok()),
            Err(error) => Err(self.refused(&service, &error)),
        }
    }

    /// `DELETE /instance`: answered as done, whether anything was there or not.
    pub(crate) fn deregister(&mut self) -> Answer {
        let (service, address) = (self.service()?, self.address()?);
        let source = self.client(&address)?;
        let kind = Some(self.kind());
        let deregistration = Deregistration { kind, ..Deregistration::new(service, address, source) };
        let _nothing_there = self.apply(Command::Deregister(deregistration));
        Ok(Response::ok())
    }

    /// The whole instance as the parameters have it, defaults included.
    pub(crate) fn registration(&self, service: &ServiceKey, address: &Address) -> Result<Registration, Response> {
        self.checked_instance(address.host.as_str())?;
        let mut registration = Registration::new(service.clone(), address.clone(), self.client(address)?);
        registration.kind = self.kind();
        registration.healthy = self.request.flag("healthy").unwrap_or(true);
        registration.content = self.content()?;
        Ok(registration)
    }

    /// Weight, enabled and metadata as the parameters have them, defaults included.
    pub(crate) fn content(&self) -> Result<Content, Response> {
        let mut content = Content {
            enabled: self.enabled().unwrap_or(true),
            metadata: self.metadata()?.unwrap_or_default(),
            ..Content::default()
        };
        self.weigh(&mut content)?;
        Ok(content)
    }

    pub(crate) fn enabled(&self) -> Option<bool> {
        self.request.flag("enabled").or_else(|| self.request.flag("enable"))
    }
}
