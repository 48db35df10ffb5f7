"""The door of a room, and the pages on which people look after their own sign-in.

Of allauth's addresses only these are mounted. Its own code finds them by its own names, so some have two.
"""

from allauth.account.views import login as sign_in
from allauth.account.views import reauthenticate
from allauth.mfa.base.views import authenticate as sign_in_code
from allauth.mfa.base.views import reauthenticate as confirm_code
from allauth.mfa.recovery_codes.views import generate_recovery_codes, view_recovery_codes
from allauth.mfa.totp.views import activate_totp, deactivate_totp
from allauth.mfa.webauthn.views import add_webauthn, login_webauthn, reauthenticate_webauthn, remove_webauthn
from allauth.socialaccount.providers.openid_connect.views import callback, login
from django.urls import path

from pvtracker.accounts import views
from pvtracker.accounts.views import fresh

sso_begin, sso_back = views.by_provider(login), views.by_provider(callback)

urlpatterns = [
    path("sign-in/", sign_in, name="sign_in"),
    path("sign-in/", sign_in, name="account_login"),
    path("sign-in/code/", sign_in_code, name="mfa_authenticate"),
    path("sign-in/carried/", views.what_was_carried, name="carried"),
    path("sign-in/passkey/", login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/by/<str:provider_id>/", sso_begin, name="openid_connect_login"),
    path("sign-in/by/<str:provider_id>/back/", sso_back, name="openid_connect_callback"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("account/", views.account, name="account"),
    path("account/", views.account, name="mfa_index"),
    path("account/", views.account, name="mfa_list_webauthn"),
    path("account/sessions/others/end/", views.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<uuid:session_id>/end/", views.end_session, name="end_session"),
    path("account/password/", views.password, name="password"),
    path("account/email/", fresh(views.email), name="email"),
    path("account/confirm/", reauthenticate, name="account_reauthenticate"),
    path("account/confirm/code/", confirm_code, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/authenticator/", fresh(activate_totp), name="mfa_activate_totp"),
    path("account/authenticator/remove/", fresh(deactivate_totp), name="mfa_deactivate_totp"),
    path("account/passkeys/add/", fresh(add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", fresh(remove_webauthn), name="mfa_remove_webauthn"),
    path("account/recovery-codes/", fresh(view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", fresh(generate_recovery_codes), name="mfa_generate_recovery_codes"),
]
